/** What somebody has begun to write, by person, conversation and kind: never lost, never carried into another conversation. */
import type { DraftFields } from '@/api/types'

export type DraftKind = 'reply' | 'note'

const keyOf = (user: string, conversation: string, part: string) => `mainstem.draft.${user}.${conversation}.${part}`

export function readDraft(user: string, conversation: string, kind: DraftKind): string {
  return localStorage.getItem(keyOf(user, conversation, kind)) ?? ''
}

export function keepDraft(user: string, conversation: string, kind: DraftKind, text: string): void {
  if (text) localStorage.setItem(keyOf(user, conversation, kind), text)
  else localStorage.removeItem(keyOf(user, conversation, kind))
}

/** What stands beside the words (receivers, subject, time), as the hub would have it. */
export function readKeptOptions(user: string, conversation: string): DraftFields | null {
  const kept = localStorage.getItem(keyOf(user, conversation, 'options'))
  return kept === null ? null : (JSON.parse(kept) as DraftFields)
}

export function keepOptions(user: string, conversation: string, options: DraftFields | null): void {
  if (options) localStorage.setItem(keyOf(user, conversation, 'options'), JSON.stringify(options))
  else localStorage.removeItem(keyOf(user, conversation, 'options'))
}

/** How this browser's copy stands to the hub's: the revision it knows, and whether there is something the hub lacks. */
export interface Sync {
  revision: number
  dirty: boolean
}

export function readSync(user: string, conversation: string): Sync {
  const kept = /^(\d+)( dirty)?$/.exec(localStorage.getItem(keyOf(user, conversation, 'sync')) ?? '')
  if (kept) return { revision: Number(kept[1]), dirty: kept[2] !== undefined }
  const written = readDraft(user, conversation, 'reply') || readDraft(user, conversation, 'note')
  return { revision: 0, dirty: written !== '' }
}

export function keepSync(user: string, conversation: string, sync: Sync): void {
  if (sync.revision === 0 && !sync.dirty) localStorage.removeItem(keyOf(user, conversation, 'sync'))
  else localStorage.setItem(keyOf(user, conversation, 'sync'), `${sync.revision}${sync.dirty ? ' dirty' : ''}`)
}
