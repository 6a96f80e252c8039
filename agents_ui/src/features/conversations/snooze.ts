/** When a snoozed conversation comes back, in the person's own time. */
export const SNOOZES = ['hour', 'tomorrow', 'week'] as const
export type Snooze = (typeof SNOOZES)[number]

/** An hour from now, or nine in the morning of tomorrow or next Monday; as UTC. */
export function snoozedUntil(choice: Snooze, now: Date = new Date()): string {
  if (choice === 'hour') return new Date(now.getTime() + 3_600_000).toISOString()
  const morning = new Date(now.getFullYear(), now.getMonth(), now.getDate(), 9)
  const days = choice === 'tomorrow' ? 1 : ((8 - morning.getDay()) % 7 || 7)
  morning.setDate(morning.getDate() + days)
  return morning.toISOString()
}
