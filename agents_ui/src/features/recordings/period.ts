/** Days of the person's calendar as moments. Pure. */

/** From the beginning of the first day to the end of the last; null where a day is not named. */
export function momentsOf(from: string, to: string): { since: string | null; until: string | null } {
  return { since: from ? startOf(from, 0) : null, until: to ? startOf(to, 1) : null }
}

function startOf(day: string, later: number): string {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number)
  return new Date(year, month - 1, date + later).toISOString()
}
