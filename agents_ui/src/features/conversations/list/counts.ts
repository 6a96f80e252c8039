/**
 * The numbers beside the views, moved by the events that come anyway. Where an event does not say what a conversation
 * was before (this console has never seen it), only the hub can say the number: `pushed` then answers false.
 */
import type { Conversation } from '@/api/types'

export type Fits = (row: Conversation) => boolean

/** So many conversations are remembered, the most recently seen. */
const REMEMBERED = 5000

export class ViewCounts {
  /** By view; null: not known. */
  readonly numbers = new Map<string, number | null>()
  readonly #views: Map<string, Fits>
  readonly #known = new Map<string, Conversation>()
  #cap = Infinity

  constructor(views: Map<string, Fits>) {
    this.#views = views
  }

  /** The hub's answer. */
  read(numbers: Record<string, number | null>, cap: number): void {
    this.#cap = cap
    for (const [key, number] of Object.entries(numbers)) this.numbers.set(key, number)
  }

  /** Other views, of the same conversations. */
  watch(views: Map<string, Fits>): void {
    this.#views.clear()
    for (const [key, fits] of views) this.#views.set(key, fits)
  }

  /** A row that the hub sent with a list. */
  saw(row: Conversation): void {
    const before = this.#known.get(row.id)
    if (!before || before.revision < row.revision) this.#keep(row)
  }

  /** A row that came with an event. True: every number is still right. */
  pushed(row: Conversation): boolean {
    const before = this.#known.get(row.id)
    if (before && before.revision >= row.revision) return true
    this.#keep(row)
    if (!before && row.revision > 1) return false
    return this.#move((fits) => Number(fits(row)) - Number(before !== undefined && fits(before)))
  }

  /** The conversation left this person's sight. */
  left(id: string): boolean {
    const before = this.#known.get(id)
    this.#known.delete(id)
    return before !== undefined && this.#move((fits) => -Number(fits(before)))
  }

  #move(by: (fits: Fits) => number): boolean {
    let exact = true
    for (const [key, fits] of this.#views) {
      const step = by(fits)
      const number = this.numbers.get(key)
      if (step === 0 || number === undefined || number === null) continue
      if (number >= this.#cap) exact = false // that many or more: one less may be the same
      else this.numbers.set(key, Math.max(0, number + step))
    }
    return exact
  }

  #keep(row: Conversation): void {
    this.#known.delete(row.id)
    this.#known.set(row.id, row)
    if (this.#known.size > REMEMBERED) this.#known.delete(this.#known.keys().next().value ?? '')
  }
}
