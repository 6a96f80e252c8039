/** What somebody has begun to write, by person, conversation and kind: never lost, never carried into another conversation. */
export type DraftKind = 'reply' | 'note'

const keyOf = (user: string, conversation: string, kind: DraftKind) => `mainstem.draft.${user}.${conversation}.${kind}`

export function readDraft(user: string, conversation: string, kind: DraftKind): string {
  return localStorage.getItem(keyOf(user, conversation, kind)) ?? ''
}

export function keepDraft(user: string, conversation: string, kind: DraftKind, text: string): void {
  if (text) localStorage.setItem(keyOf(user, conversation, kind), text)
  else localStorage.removeItem(keyOf(user, conversation, kind))
}
