/**
 * What is being written in a conversation ('' = the first message of a new one), kept on the hub so that every browser
 * of the person has it. This browser's own copy comes first: it needs no network, and what the hub has not got yet is
 * sent when it can be.
 */
import { onScopeDispose, shallowRef, watch, type Ref } from 'vue'
import { ApiProblem } from '@/api/problem'
import type { DraftFields, FileRef, Message } from '@/api/types'
import { feed, useLive } from '@/live'
import { dropDraft, saveDraft, showDraft, showMessage } from '../api'
import { keepDraft, keepOptions, keepSync, readKeptOptions, readSync, type DraftKind } from './drafts'
import { keptOptions, optionsOfDraft, saysSomething, type Options } from './options'
import { markDraft } from './useDraftMarks'

/** So long after the last key the hub is told (milliseconds). */
const PAUSE = 1200

export type DraftState = 'none' | 'saving' | 'saved' | 'here'

interface Parts {
  texts: Ref<Record<DraftKind, string>>
  kind: Ref<DraftKind>
  files: Ref<FileRef[]>
  options: Ref<Options>
  /** Who sends a first message. */
  account?: Ref<string>
}

/** The message that a draft passes on; null where it is out of sight. */
async function forwardedOf(draft: { forward_of?: string | null }): Promise<Message | null> {
  if (!draft.forward_of) return null
  try {
    return await showMessage(draft.forward_of)
  } catch (trouble) {
    if (!(trouble instanceof ApiProblem)) throw trouble
    return null
  }
}

export function useServerDraft(me: string, conversation: string, { texts, kind, files, options, account }: Parts) {
  const sync = readSync(me, conversation)
  /** `here`: the hub could not be told yet; this browser keeps it. */
  const state = shallowRef<DraftState>('none')
  let timer: ReturnType<typeof setTimeout> | null = null
  let sending: Promise<void> | null = null
  let applying = false
  let over = false

  const isEmpty = () => !texts.value.reply && !texts.value.note && files.value.length === 0 && !saysSomething(options.value)
  const fields = (): DraftFields => ({
    kind: kind.value, reply: texts.value.reply, note: texts.value.note, files: files.value.map((file) => file.id), ...keptOptions(options.value),
    ...(account ? { account: account.value || null } : {}),
  })

  function remember(part: Partial<typeof sync>): void {
    Object.assign(sync, part)
    keepSync(me, conversation, sync)
  }

  /** This browser's own copy. */
  function keepHere(): void {
    keepDraft(me, conversation, 'reply', texts.value.reply)
    keepDraft(me, conversation, 'note', texts.value.note)
    keepOptions(me, conversation, saysSomething(options.value) || options.value.sendAt ? keptOptions(options.value) : null)
  }

  function touched(): void {
    if (applying || over) return
    keepHere()
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
    await restoreHere()
    if (sync.dirty) return push()
    try {
      const draft = await showDraft(conversation)
      const forwarded = await forwardedOf(draft)
      if (sync.dirty || over || draft.revision <= sync.revision) return
      applying = true
      texts.value = { reply: draft.reply, note: draft.note }
      kind.value = draft.kind
      files.value = draft.files
      options.value = optionsOfDraft(draft, forwarded)
      if (account) account.value = draft.account ?? ''
      keepHere()
      remember({ revision: draft.revision })
      markDraft(conversation, !isEmpty())
      state.value = isEmpty() ? 'none' : 'saved'
    } catch (trouble) {
      if (!(trouble instanceof ApiProblem)) throw trouble // this browser's copy is shown meanwhile
    } finally {
      applying = false
    }
  }

  /** What this browser kept beside the words. Nothing that was typed meanwhile is replaced. */
  async function restoreHere(): Promise<void> {
    const kept = readKeptOptions(me, conversation)
    if (!kept) return
    const forwarded = await forwardedOf(kept)
    if (over || saysSomething(options.value) || options.value.sendAt) return
    applying = true
    options.value = optionsOfDraft(kept, forwarded)
    applying = false
  }

  watch([() => texts.value.reply, () => texts.value.note, files, options, () => account?.value], touched, { flush: 'sync' })
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

  /** `begun`: what was kept is here, or could not be had. */
  return { state, begun: load() }
}
