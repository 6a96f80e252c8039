/** The word that is being typed behind a mark (`/hours`, `@ada`), and how a choice takes its place; pure. */
export interface Typed {
  /** Where the mark stands. */
  from: number
  to: number
  word: string
}

/** The word before the caret, where its mark begins the text or follows a space. */
export function typedWord(text: string, caret: number, mark: '/' | '@'): Typed | null {
  const found = new RegExp(`(^|\\s)\\${mark}([^\\s/@]{0,40})$`).exec(text.slice(0, caret))
  if (!found) return null
  const word = found[2] ?? ''
  return { from: caret - word.length - 1, to: caret, word: word.toLowerCase() }
}

export const replaced = (text: string, typed: Typed, by: string): string => text.slice(0, typed.from) + by + text.slice(typed.to)

/** Those whose words begin with what was typed first, then those that contain it. */
export function matching<T>(items: readonly T[], word: string, wordsOf: (item: T) => string[], most = 8): T[] {
  const rank = (item: T) => {
    const words = wordsOf(item).map((one) => one.toLowerCase())
    if (words.some((one) => one.startsWith(word))) return 0
    return words.some((one) => one.includes(word)) ? 1 : 2
  }
  return items
    .map((item) => ({ item, rank: rank(item) }))
    .filter((one) => one.rank < 2)
    .sort((one, other) => one.rank - other.rank)
    .slice(0, most)
    .map((one) => one.item)
}
