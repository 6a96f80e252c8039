/** Milliseconds to wait before try number `attempt` (0 = the first): doubles from 0.5 s to 5 s, with jitter over the
 *  whole span, so that the consoles of a restarted hub do not come back in the same instant. */
export function backoff(attempt: number, random: () => number = Math.random): number {
  const ceiling = Math.min(5000, 1000 * 2 ** attempt)
  return Math.round(500 + random() * (ceiling - 500))
}
