/** Which events are new: the one place that knows the last position seen. */
export class Cursor {
  #seen: number | null

  constructor(after: number | null = null) {
    this.#seen = after
  }

  /** The last position seen; null before the first. This is what `auth.after` carries. */
  get seen(): number | null {
    return this.#seen
  }

  /** Whether to apply an event. One without a position (`typing`) is always applied and moves nothing. */
  admits(seq: number | null): boolean {
    if (seq === null) return true
    if (this.#seen !== null && seq <= this.#seen) return false
    this.#seen = seq
    return true
  }

  /** The hub says that everything up to `seq` was sent to us. Never moves backwards. */
  reach(seq: number): void {
    if (this.#seen === null || seq > this.#seen) this.#seen = seq
  }

  /** Start again from a position: after a reload, or with null for a new sign-in. */
  reset(seq: number | null): void {
    this.#seen = seq
  }
}
