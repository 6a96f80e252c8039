/** The mark in the top bar: what the person may believe about the screen. */
export type Mark = { kind: 'offline' } | { kind: 'catching_up' } | { kind: 'behind'; by: number } | { kind: 'live' }

export interface MarkFacts {
  connected: boolean
  /** The hub has sent all that was missed, and no reload is under way. */
  ready: boolean
  /** Events received and not yet on the screen. */
  waiting: number
}

/** A backlog this small is one frame's worth and not worth a word. */
const UNSEEN = 20

export function markOf(facts: MarkFacts): Mark {
  if (!facts.connected) return { kind: 'offline' }
  if (facts.waiting > UNSEEN) return { kind: 'behind', by: facts.waiting }
  return facts.ready ? { kind: 'live' } : { kind: 'catching_up' }
}
