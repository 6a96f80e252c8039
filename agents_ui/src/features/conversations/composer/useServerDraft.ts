/**
 * What is being written, kept on the hub so that every browser of the person has it. This browser's own copy comes
 * first: it needs no network, and what the hub has not got yet is sent when it can be.
 */
import { onScopeDispose, shallowRef, watch, type Ref } from 'vue'
import { ApiProblem } from '@/api/problem'
import type { DraftFields, FileRef } from '@/api/types'
import { feed, useLive } from '@/live'
import { dropDraft, saveDraft, showDraft } from '../api'
import { keepDraft, keepSync, readSync, type DraftKind } from './drafts'
import { markDraft } from './useDraftMarks'

/** So long after the last key the hub is told (milliseconds). */
const PAUSE = 1200

export type DraftState = 'none' | 'saving' | 'saved' | 'here'

interface Parts {
  texts: Ref<Record<DraftKind, string>>
  kind: Ref<DraftKind>
  files: Ref<FileRef[]>
}

export function useServerDraft(me: string, conversation: string, { texts, kind, files }: Parts) {
  const sync = readSync(me, conversation)
  /** `here`: the hub could not be told yet; this browser keeps it. */
  const state = shallowRef<DraftState>('none')
  let timer: ReturnType<typeof setTimeout> | null = null
  let sending: Promise<void> | null = null
  let applying = false
  let over = false

  const isEmpty = () => !texts.value.reply && !texts.value.note && files.value.length === 0
  const fields = (): DraftFields => ({
    kind: kind.value, reply: texts.value.reply, note: texts.value.note, files: files.value.map((file) => file.id),
  })

  function remember(part: Partial<typeof sync>): void {
    Object.assign(sync, part)
    keepSync(me, conversation, sync)
  }

  function touched(): void {
    if (applying || over) return
    keepDraft(me, conversation, 'reply', texts.value.reply)
    keepDraft(me, conversation, 'note', texts.value.note)
    remember({ dirty: true })
    markDraft(conversation, !isEmpty())
    state.value = isEmpty() ? 'none' : 'saving'
    if (timer) clearTimeout(timer)
    timer = setTimeout(() => void push(), isEmpty() ? 0 : PAUSE)
  }

  /** One at a time; what was written during a push goes with the next. */
  async function push(): Promise<void> {
    if (timer) clearTimeout(timer)
    timer = null
    if (sending) await sending
    if (!sync.dirty) return
    sending = tellHub()
    await sending
    sending = null
  }

  async function tellHub(): Promise<void> {
    const empty = isEmpty()
    remember({ dirty: false })
    try {
      if (empty) await dropDraft(conversation)
      else remember({ revision: (await saveDraft(conversation, fields())).revision })
      if (!sync.dirty) state.value = empty ? 'none' : 'saved'
    } catch (trouble) {
      remember({ dirty: true })
      state.value = 'here'
      if (!(trouble instanceof ApiProblem)) throw trouble
    }
  }

  async function load(): Promise<void> {
    if (sync.dirty) return push()
    try {
      const draft = await showDraft(conversation)
      if (sync.dirty || over || draft.revision <= sync.revision) return
      applying = true
      texts.value = { reply: draft.reply, note: draft.note }
      kind.value = draft.kind
      files.value = draft.files
      keepDraft(me, conversation, 'reply', draft.reply)
      keepDraft(me, conversation, 'note', draft.note)
      remember({ revision: draft.revision })
      markDraft(conversation, !isEmpty())
      state.value = isEmpty() ? 'none' : 'saved'
    } catch (trouble) {
      if (!(trouble instanceof ApiProblem)) throw trouble // this browser's copy is shown meanwhile
    } finally {
      applying = false
    }
  }

  watch([() => texts.value.reply, () => texts.value.note, files], touched, { flush: 'sync' })
  useLive('draft', (data) => {
    if (data.conversation === conversation && data.revision > sync.revision && !sync.dirty && !sending) void load()
  })
  watch(
    () => feed.mark.value.kind === 'live',
    (live) => live && sync.dirty && timer === null && void push(),
  )
  onScopeDispose(() => {
    if (sync.dirty) void push()
    over = true
  })

  void load()
  return { state }
}
