/** The live feed: connects, resumes after the last position seen, drops repeats, reloads when the hub says `stale`. */
import { computed, shallowRef } from 'vue'
import { ApiProblem, type ProblemDocument } from '@/api/problem'
import { backoff } from '@/live/backoff'
import { Cursor } from '@/live/cursor'
import type { Closing, LiveEvents, LiveName, Ready, Stale, Wire } from '@/live/events'
import { markOf } from '@/live/mark'
import type { Link, OpenLink } from '@/live/socket'

export type Handler<N extends LiveName> = (data: LiveEvents[N], wire: Wire<LiveEvents[N]>) => void
type AnyHandler = (data: never, wire: never) => void
type Reload = () => Promise<void>

export interface FeedParts {
  open: OpenLink
  /** Runs its argument before the next paint (or soon, in a hidden tab, where frames do not come). */
  soon: (run: () => void) => void
  random?: () => number
  /** Called when the hub refuses the socket because the sign-in has ended. */
  refused: () => void
  /** Called when a link broke, and when one stands again: no answer will come over the old one. */
  broken?: () => void
}

const NAMES: LiveName[] = [
  'message.appended', 'message.amended', 'conversation.changed', 'record.changed',
  'agent.changed', 'queue.changed', 'notice.raised', 'job.changed', 'notice.changed',
  'internal.changed', 'announcement.changed', 'parameter.changed', 'home.changed', 'call.ringing', 'call.changed',
  'call.answered', 'call.ended', 'call.supervised', 'callback.changed', 'typing', 'watching', 'draft',
]

/** How often a read without an answer has everything read again, one time after the other. */
const MOST_AGAIN = 3

export class Feed {
  readonly #parts: FeedParts
  readonly #cursor = new Cursor()
  readonly #handlers = new Map<LiveName, Set<AnyHandler>>()
  readonly #reloads = new Set<Reload>()
  readonly #settled: (() => void)[] = []
  readonly #connected = shallowRef(false)
  readonly #ready = shallowRef(false)
  readonly #waiting = shallowRef(0)
  #queue: [LiveName, Wire<never>][] = []
  #link: Link | null = null
  #timer: ReturnType<typeof setTimeout> | null = null
  #attempt = 0
  /** Counts the times the link was given up: whatever waited across one has been overtaken. */
  #turn = 0
  /** What was read may lack something that no event will bring: then the next `ready` must read it again. */
  #readBlind = false
  /** How often everything was read again because something got no answer. */
  #again = 0

  constructor(parts: FeedParts) {
    this.#parts = parts
  }

  readonly mark = computed(() =>
    markOf({
      connected: this.#connected.value,
      ready: this.#ready.value,
      waiting: this.#waiting.value,
    }),
  )

  /** The last position seen. */
  get seen(): number | null {
    return this.#cursor.seen
  }

  /** `afresh`: the screen shows what was read before the last `stop`, so it is read again once the feed stands. */
  start(afresh = false): void {
    if (this.#link || this.#timer) return
    if (afresh) this.#readBlind = true
    this.#connect()
  }

  /** Ends the feed and forgets the position: the next start belongs to another sign-in. */
  stop(): void {
    this.#drop()
    this.#cursor.reset(null)
    this.#attempt = 0
    this.#readBlind = false
  }

  /** Try now instead of at the end of the pause (the network came back, the tab woke). */
  hurry(): void {
    if (!this.#timer) return
    clearTimeout(this.#timer)
    this.#timer = null
    this.#connect()
  }

  on<N extends LiveName>(name: N, handler: Handler<N>): () => void {
    const set = this.#handlers.get(name) ?? new Set()
    this.#handlers.set(name, set.add(handler as AnyHandler))
    return () => void set.delete(handler as AnyHandler)
  }

  /** `reload` reads a store's data again by REST; it runs after `stale`, after new rights and after a blind first read. */
  onReload(reload: Reload): () => void {
    this.#reloads.add(reload)
    return () => void this.#reloads.delete(reload)
  }

  /** A read got no answer: once the feed stands (again), everything is read again. */
  unread(): void {
    this.#readBlind = true
  }

  /** Resolves once what is read by REST cannot miss an event, at the latest after `limitMs`: then a reload follows. */
  settled(limitMs = 1500): Promise<void> {
    if (this.#ready.value || this.#cursor.seen !== null) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#readBlind = true
        resolve()
      }, limitMs)
      this.#settled.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  /** Ask the hub something; answers with the result or throws its problem (status 0: no answer came). */
  async ask<T>(name: string, data: unknown): Promise<T> {
    if (!this.#link || !this.#connected.value) throw noAnswer()
    const answer = await this.#link.ask(name, data).catch(() => null)
    if (!answer) throw noAnswer()
    if (!answer.ok) throw new ApiProblem(answer.problem)
    return answer.result as T
  }

  /** An ask that costs nothing when it is lost, such as "somebody is writing": null then. */
  async hint<T>(name: string, data: unknown): Promise<T | null> {
    try {
      return await this.ask<T>(name, data)
    } catch (trouble) {
      if (trouble instanceof ApiProblem) return null
      throw trouble
    }
  }

  #connect(): void {
    this.#timer = null
    const link = this.#parts.open(this.#cursor.seen, {
      connected: () => this.#whenMine(link, () => this.#becomeConnected()),
      event: (name, wire) => this.#whenMine(link, () => this.#receive(name, wire)),
      ready: (ready) => this.#whenMine(link, () => this.#becomeReady(ready)),
      stale: (stale) => this.#whenMine(link, () => this.#becomeStale(stale)),
      closing: (closing) => this.#whenMine(link, () => this.#takeLeave(closing)),
      lost: () => this.#whenMine(link, () => this.#becomeLost()),
      refused: (problem) => this.#whenMine(link, () => this.#refused(problem)),
    })
    this.#link = link
  }

  /** A link that was given up may still speak; nobody listens. */
  #whenMine(link: Link, act: () => void): void {
    if (this.#link === link) act()
  }

  /** Not at the first one: what was read before it is on its way over a network that is as it was. */
  #becomeConnected(): void {
    this.#connected.value = true
    if (this.#cursor.seen !== null) this.#parts.broken?.()
  }

  /** An attempt that fails while there is no link says nothing about what is being read. */
  #becomeLost(): void {
    if (this.#connected.value) this.#parts.broken?.()
    this.#retry()
  }

  #receive(name: string, wire: Wire<never>): void {
    if (!(NAMES as string[]).includes(name) || !this.#cursor.admits(wire.seq)) return
    this.#queue.push([name as LiveName, wire])
    this.#waiting.value = this.#queue.length
    if (this.#queue.length === 1) this.#parts.soon(() => this.#apply())
  }

  #apply(): void {
    const batch = this.#queue
    this.#queue = []
    this.#waiting.value = 0
    for (const [name, wire] of batch) {
      for (const handler of this.#handlers.get(name) ?? []) handler(wire.data, wire as never)
    }
  }

  /** All that was missed is here. Said again as a heartbeat, it moves the position over what was not for us. */
  #becomeReady(ready: Ready): void {
    this.#cursor.reach(ready.seq)
    this.#attempt = 0
    if (this.#ready.value) return
    if (this.#readBlind) return void this.#reloadThen(() => this.#settle())
    this.#settle()
  }

  #settle(): void {
    this.#ready.value = true
    for (const resolve of this.#settled.splice(0)) resolve()
  }

  /** Too much was missed: read everything again, then go on from where the hub stood when it said so. */
  #becomeStale(stale: Stale): void {
    this.#drop()
    this.#cursor.reset(stale.seq)
    this.#connected.value = true // reachable: the mark says "catching up", not "offline"
    void this.#reloadThen(() => this.#connect())
  }

  async #reloadThen(next: () => void): Promise<void> {
    const turn = this.#turn
    this.#readBlind = false
    const results = await Promise.allSettled([...this.#reloads].map((reload) => reload()))
    if (this.#turn !== turn) return
    const failed = results.some((result) => result.status === 'rejected' && !isAnswer(result.reason))
    // Who shows its own trouble does not throw it. A read that never gets an answer must not keep the feed from living.
    if (failed || (this.#readBlind && this.#again++ < MOST_AGAIN)) {
      this.#readBlind = true
      return this.#retry()
    }
    this.#again = 0
    next()
  }

  #retry(pauseMs = backoff(this.#attempt++, this.#parts.random)): void {
    this.#drop()
    this.#timer = setTimeout(() => this.#connect(), pauseMs)
  }

  /** The hub ends the connection and says when to come back, so that not all consoles do at once. With other rights
   *  there is other data to see, of which no event was missed: it is read again once the feed stands. */
  #takeLeave(closing: Closing): void {
    if (closing.why === 'rights-changed') this.#readBlind = true
    if (closing.wait_s !== null) return this.#retry(closing.wait_s * 1000)
    this.stop()
    this.#parts.refused()
  }

  #refused(problem: ProblemDocument | null): void {
    // Without a sign-in, or without a second factor that a role asks for: whoever owns the feed asks who we are.
    if (problem?.status !== 401 && problem?.code !== 'second-factor-needed') return this.#retry()
    this.stop()
    this.#parts.refused()
  }

  #drop(): void {
    this.#turn += 1
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    this.#apply()
    const link = this.#link
    this.#link = null
    link?.close()
    this.#connected.value = false
    this.#ready.value = false
  }
}

/** "You may not see it" and "it is not there" are answers: asking again brings no other. */
function isAnswer(reason: unknown): boolean {
  return reason instanceof ApiProblem && [403, 404].includes(reason.status)
}

function noAnswer(): ApiProblem {
  return new ApiProblem({ type: 'urn:mainstem:problem:offline', title: 'Not connected', status: 0 })
}
