/** How far a call list is. */
export interface Progress {
  done: number
  total: number
  /** Of the whole, in percent, in the order in which they are drawn. */
  parts: { state: 'done' | 'busy' | 'waiting'; percent: number }[]
}

export function progressOf(entries: Record<string, number>): Progress {
  const total = Object.values(entries).reduce((sum, count) => sum + count, 0)
  const [done, waiting] = [entries.done ?? 0, entries.waiting ?? 0]
  const percent = (count: number) => (total === 0 ? 0 : Math.round((count * 1000) / total) / 10)
  return {
    done,
    total,
    parts: [
      { state: 'done', percent: percent(done) },
      { state: 'busy', percent: percent(total - done - waiting) },
      { state: 'waiting', percent: percent(waiting) },
    ],
  }
}

/** Numbers as somebody pastes them: one a line, or with commas between. */
export const numbersIn = (text: string): string[] => text.split(/[\n,;，；]+/).map((one) => one.trim()).filter(Boolean)
