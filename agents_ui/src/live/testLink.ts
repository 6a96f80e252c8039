/** The far end of a socket, for tests: records what was asked and lets a test speak as the hub. */
import type { Wire } from '@/live/events'
import type { Answer, LinkListener, OpenLink } from '@/live/socket'

export class FarEnd {
  readonly opened: (number | null)[] = []
  readonly asked: [string, unknown][] = []
  answer: Answer = { ok: true, result: null }
  #listener: LinkListener | null = null

  readonly open: OpenLink = (after, listener) => {
    this.opened.push(after)
    this.#listener = listener
    return {
      ask: (name, data) => {
        this.asked.push([name, data])
        return Promise.resolve(this.answer)
      },
      close: () => undefined,
    }
  }

  get listener(): LinkListener {
    if (!this.#listener) throw new Error('nobody has connected')
    return this.#listener
  }

  say(name: string, seq: number | null, data: unknown = {}): void {
    this.listener.event(name, { seq, at: '2026-11-23T08:00:00Z', data } as Wire<never>)
  }

  accept(ready: number): void {
    this.listener.connected()
    this.listener.ready({ seq: ready })
  }
}
