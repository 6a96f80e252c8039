/** The rows of a list: what is known, in which order it is shown, and what waits while a person's hand is on it. */
import type { Conversation } from '@/api/types'

export interface Rules {
  fits: (row: Conversation) => boolean
  compare: (one: Conversation, other: Conversation) => number
  /** The view has search words: then the hub alone can say whether a row that it did not send belongs. */
  searching: boolean
}

export class Rows {
  readonly known = new Map<string, Conversation>()
  /** Ids as shown. */
  order: string[] = []
  /** Ids whose place, or whose being here at all, has changed since the order was last made. */
  readonly waiting = new Set<string>()
  /** Pushed rows that may belong to a search; asking again will tell. */
  readonly unjudged = new Set<string>()
  readonly #rules: Rules
  readonly #found = new Set<string>()
  readonly #gone = new Set<string>()
  #floor: Conversation | null = null

  constructor(rules: Rules) {
    this.#rules = rules
  }

  /** A page from the hub. `last`: there is no further one. */
  fetched(page: Conversation[], last: boolean): void {
    for (const row of page) {
      this.#keep(row)
      this.#found.add(row.id)
      this.unjudged.delete(row.id)
    }
    this.#floor = last ? null : (page.at(-1) ?? this.#floor)
    this.settle()
  }

  /** A row that came with an event. Its content shows at once, its place at the next `settle`. */
  pushed(row: Conversation): void {
    const before = this.known.get(row.id)
    if (!this.#keep(row)) return
    this.#gone.delete(row.id)
    if (this.#rules.searching && !this.#found.has(row.id)) {
      if (this.#rules.fits(row)) this.unjudged.add(row.id)
      return
    }
    const shown = this.order.includes(row.id)
    const moved = before?.last_seq !== row.last_seq || !this.#belongs(row)
    if (shown ? moved : this.#belongs(row)) this.waiting.add(row.id)
  }

  /** The conversation left this person's sight. */
  left(id: string): void {
    if (!this.known.has(id)) return
    this.#gone.add(id)
    this.waiting.add(id)
  }

  /** Make the order anew. */
  settle(): void {
    for (const id of this.#gone) this.known.delete(id)
    this.#gone.clear()
    this.waiting.clear()
    this.order = [...this.known.values()]
      .filter((row) => this.#belongs(row))
      .sort(this.#rules.compare)
      .map((row) => row.id)
  }

  /** Whether a shown row would leave at the next `settle`. */
  leaving(id: string): boolean {
    const row = this.known.get(id)
    return this.#gone.has(id) || (row !== undefined && !this.#belongs(row))
  }

  #belongs(row: Conversation): boolean {
    if (this.#rules.searching && !this.#found.has(row.id)) return false
    return this.#rules.fits(row) && !this.#below(row)
  }

  /** An older copy never replaces a newer one: answers and events may overtake each other. */
  #keep(row: Conversation): boolean {
    const before = this.known.get(row.id)
    if (before && before.revision > row.revision) return false
    this.known.set(row.id, row)
    return true
  }

  /** Below the last fetched row lie others that were not fetched yet; paging brings them all, in order. */
  #below(row: Conversation): boolean {
    return this.#floor !== null && this.#rules.compare(row, this.#floor) > 0
  }
}
