/** In which conversations the person has something unsent: here and in every other browser of theirs. */
import { shallowRef, triggerRef } from 'vue'
import { ApiProblem } from '@/api/problem'
import { forgetWithPerson } from '@/api/session'
import { useLive, useReload } from '@/live'
import { listDrafts } from '../api'

const marks = shallowRef(new Set<string>())

forgetWithPerson(() => (marks.value = new Set()))

export const hasDraft = (conversation: string): boolean => marks.value.has(conversation)

export function markDraft(conversation: string, on: boolean): void {
  if (marks.value.has(conversation) === on) return
  if (on) marks.value.add(conversation)
  else marks.value.delete(conversation)
  triggerRef(marks)
}

async function load(): Promise<void> {
  try {
    marks.value = new Set((await listDrafts()).items.map((one) => one.conversation))
  } catch (trouble) {
    if (!(trouble instanceof ApiProblem)) throw trouble // a missing mark is no reason to disturb
  }
}

/** Keeps the marks right as long as its component lives: the inbox page. */
export function useDraftMarks(): void {
  useLive('draft', (data) => markDraft(data.conversation, data.on))
  useReload(load)
  void load()
}
