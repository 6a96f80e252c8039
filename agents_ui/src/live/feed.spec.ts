import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiProblem } from '@/api/problem'
import { backoff } from '@/live/backoff'
import { Feed } from '@/live/feed'
import { FarEnd } from '@/live/testLink'

let far: FarEnd
let feed: Feed
let got: string[]
const refused = vi.fn()
const broken = vi.fn()

function appended(id: string) {
  return { conversation: { id: 'c' }, message: { id } }
}

/** The hub sends the console away, and it comes back. */
async function comeBack(why: string): Promise<void> {
  far.listener.closing({ why, wait_s: 0.4 })
  await vi.advanceTimersByTimeAsync(400)
  far.accept(6)
  await vi.advanceTimersByTimeAsync(0)
}

beforeEach(() => {
  vi.useFakeTimers()
  refused.mockReset()
  broken.mockReset()
  far = new FarEnd()
  feed = new Feed({ open: far.open, soon: (run) => run(), random: () => 0.5, refused, broken })
  got = []
  feed.on('message.appended', (data) => got.push(data.message.id))
  feed.start()
})

afterEach(() => {
  feed.stop()
  vi.useRealTimers()
})

describe('positions', () => {
  it('starts live without a position and resumes after the last one seen', () => {
    far.accept(10)
    far.say('message.appended', 11, appended('a'))
    far.listener.lost()
    vi.advanceTimersByTime(5000)
    expect(far.opened).toEqual([null, 11])
  })

  it('a replayed event is applied once', () => {
    far.accept(10)
    far.say('message.appended', 11, appended('a'))
    far.listener.lost()
    vi.advanceTimersByTime(5000)
    far.listener.connected()
    far.say('message.appended', 11, appended('a'))
    far.say('message.appended', 12, appended('b'))
    expect(got).toEqual(['a', 'b'])
  })

  it('a heartbeat moves the position forward, never back', () => {
    far.accept(10)
    far.listener.ready({ seq: 40 })
    far.listener.ready({ seq: 30 })
    expect(feed.seen).toBe(40)
  })

  it('an event without a position is applied and moves nothing', () => {
    const typing = vi.fn()
    feed.on('typing', typing)
    far.accept(10)
    far.say('typing', null, { conversation: 'c', user: { id: 'u', name: 'U' }, on: true })
    expect(typing).toHaveBeenCalledOnce()
    expect(feed.seen).toBe(10)
  })
})

describe('the mark', () => {
  it('is offline before the connection, catching up until ready, then live', () => {
    expect(feed.mark.value.kind).toBe('offline')
    far.listener.connected()
    expect(feed.mark.value.kind).toBe('catching_up')
    far.listener.ready({ seq: 1 })
    expect(feed.mark.value.kind).toBe('live')
    far.listener.lost()
    expect(feed.mark.value.kind).toBe('offline')
  })

  it('says by how many it is behind while received events wait for the screen', () => {
    const runs: (() => void)[] = []
    const slow = new Feed({ open: far.open, soon: (run) => runs.push(run), refused })
    slow.start()
    far.accept(0)
    for (let seq = 1; seq <= 50; seq += 1) far.say('message.appended', seq, appended(String(seq)))
    expect(slow.mark.value).toEqual({ kind: 'behind', by: 50 })
    runs.forEach((run) => run())
    expect(slow.mark.value.kind).toBe('live')
  })
})

describe('stale', () => {
  it('reloads first and then goes on from the position it carries', async () => {
    const order: string[] = []
    feed.onReload(async () => void order.push('reload'))
    far.accept(10)
    far.listener.stale({ seq: 900, why: 'too old' })
    await vi.advanceTimersByTimeAsync(0)
    order.push(`open ${far.opened.at(-1)}`)
    expect(order).toEqual(['reload', 'open 900'])
  })

  it('a failed reload is tried again, and the screen is not called live before it worked', async () => {
    let fails = 1
    const reload = vi.fn(async () => {
      if (fails-- > 0) throw new Error('no answer')
    })
    feed.onReload(reload)
    far.accept(10)
    far.listener.stale({ seq: 900, why: 'too old' })
    await vi.advanceTimersByTimeAsync(5000)
    far.listener.connected()
    far.listener.ready({ seq: 905 })
    expect(feed.mark.value.kind).toBe('catching_up')
    await vi.advanceTimersByTimeAsync(0)
    expect(reload).toHaveBeenCalledTimes(2)
    expect(feed.mark.value.kind).toBe('live')
  })

  it('a sign-out during the reload stays signed out', async () => {
    feed.onReload(async () => feed.stop())
    far.accept(10)
    far.listener.stale({ seq: 900, why: 'too old' })
    await vi.advanceTimersByTimeAsync(10_000)
    expect(far.opened).toEqual([null])
  })
})

describe('other rights', () => {
  it('everything is read again, and not before the console is back in its rooms', async () => {
    const reload = vi.fn(async () => undefined)
    feed.onReload(reload)
    far.accept(4)
    far.listener.closing({ why: 'rights-changed', wait_s: 0.4 })
    await vi.advanceTimersByTimeAsync(400)
    far.listener.connected()
    expect(far.opened).toEqual([null, 4])
    expect(reload).not.toHaveBeenCalled()
    far.listener.ready({ seq: 6 })
    expect(feed.mark.value.kind).toBe('catching_up')
    await vi.advanceTimersByTimeAsync(0)
    expect(reload).toHaveBeenCalledOnce()
    expect(feed.mark.value.kind).toBe('live')
  })

  it('a hub that only goes for a while takes no data with it: nothing is read again', async () => {
    const reload = vi.fn(async () => undefined)
    feed.onReload(reload)
    far.accept(4)
    await comeBack('drain')
    expect(reload).not.toHaveBeenCalled()
  })

  it('what may not be seen any more does not keep the console from being live', async () => {
    feed.onReload(() => Promise.reject(new ApiProblem({ type: 'urn:mainstem:problem:not-found', title: 'Not found', status: 404 })))
    far.accept(4)
    await comeBack('rights-changed')
    expect(feed.mark.value.kind).toBe('live')
  })

  it('a refused socket of a sign-in that stands begins anew with a full read', async () => {
    const reload = vi.fn(async () => undefined)
    feed.onReload(reload)
    far.accept(4)
    far.listener.refused({ type: 'urn:mainstem:problem:sign-in-needed', title: 'Sign in', status: 401 })
    feed.start(true)
    far.accept(9)
    await vi.advanceTimersByTimeAsync(0)
    expect(reload).toHaveBeenCalledOnce()
  })
})

describe('first read', () => {
  it('waits for ready, so that nothing falls between reading and listening', async () => {
    const done = vi.fn()
    void feed.settled().then(done)
    await vi.advanceTimersByTimeAsync(10)
    expect(done).not.toHaveBeenCalled()
    far.accept(3)
    await vi.advanceTimersByTimeAsync(0)
    expect(done).toHaveBeenCalledOnce()
  })

  it('does not wait for ever, and reads again once ready', async () => {
    const reload = vi.fn(async () => undefined)
    feed.onReload(reload)
    void feed.settled(100)
    await vi.advanceTimersByTimeAsync(100)
    far.accept(3)
    await vi.advanceTimersByTimeAsync(0)
    expect(reload).toHaveBeenCalledOnce()
  })
})

it('an ended sign-in stops the feed instead of trying for ever', () => {
  far.listener.refused({ type: 'urn:x', title: 'Sign in', status: 401 })
  vi.advanceTimersByTime(60_000)
  expect(refused).toHaveBeenCalledOnce()
  expect(far.opened).toHaveLength(1)
})

it('a hub that goes says when to come back, and is obeyed', () => {
  far.accept(4)
  far.listener.closing({ why: 'drain', wait_s: 7.5 })
  vi.advanceTimersByTime(7400)
  expect(far.opened).toHaveLength(1)
  vi.advanceTimersByTime(200)
  expect(far.opened).toEqual([null, 4])
})

it('a revoked sign-in ends the feed', () => {
  far.accept(4)
  far.listener.closing({ why: 'sign-in-ended', wait_s: null })
  vi.advanceTimersByTime(60_000)
  expect(refused).toHaveBeenCalledOnce()
  expect(far.opened).toHaveLength(1)
})

it('an ask answers with the result or throws the problem', async () => {
  far.accept(1)
  far.answer = { ok: true, result: { users: [] } }
  await expect(feed.ask('watch', { conversation: 'c' })).resolves.toEqual({ users: [] })
  far.answer = { ok: false, problem: { type: 'urn:mainstem:problem:not-found', title: 'Not found', status: 404 } }
  await expect(feed.ask('watch', { conversation: 'x' })).rejects.toMatchObject({ status: 404 })
})

it('pauses spread over half a second to five seconds', () => {
  expect(backoff(0, () => 0)).toBe(500)
  expect(backoff(9, () => 1)).toBe(5000)
  for (let attempt = 0; attempt < 12; attempt += 1) {
    const pause = backoff(attempt)
    expect(pause).toBeGreaterThanOrEqual(500)
    expect(pause).toBeLessThanOrEqual(5000)
  }
})

describe('reads without an answer', () => {
  it('are not waited for when a link breaks nor when it stands again, but are when a try to connect fails', async () => {
    far.listener.lost()
    await vi.advanceTimersByTimeAsync(5000)
    expect(broken).not.toHaveBeenCalled()
    far.accept(10)
    expect(broken).not.toHaveBeenCalled()
    far.listener.lost()
    expect(broken).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(5000)
    far.accept(10)
    expect(broken).toHaveBeenCalledTimes(2)
  })

  it('have everything read again once the feed stands', async () => {
    const reload = vi.fn(() => Promise.resolve())
    feed.onReload(reload)
    far.accept(10)
    feed.unread()
    far.listener.lost()
    await vi.advanceTimersByTimeAsync(5000)
    far.accept(10)
    await vi.advanceTimersByTimeAsync(0)
    expect(reload).toHaveBeenCalledOnce()
    expect(feed.mark.value.kind).toBe('live')
  })

  it('have it read once more when one of those reads has none, also where a page keeps its trouble to itself', async () => {
    let failures = 1
    const reload = vi.fn(() => {
      if (failures-- > 0) feed.unread()
      return Promise.resolve()
    })
    feed.onReload(reload)
    far.accept(10)
    far.listener.stale({ seq: 20, why: 'too many' })
    await vi.advanceTimersByTimeAsync(5000)
    far.accept(20)
    await vi.advanceTimersByTimeAsync(0)
    expect(reload).toHaveBeenCalledTimes(2)
    expect(feed.mark.value.kind).toBe('live')
  })

  it('do not keep the feed from living when one never gets an answer', async () => {
    const reload = vi.fn(() => {
      feed.unread()
      return Promise.resolve()
    })
    feed.onReload(reload)
    far.accept(10)
    far.listener.stale({ seq: 20, why: 'too many' })
    for (let round = 0; round < 5; round += 1) {
      await vi.advanceTimersByTimeAsync(6000)
      far.accept(20)
    }
    await vi.advanceTimersByTimeAsync(0)
    expect(reload).toHaveBeenCalledTimes(4)
    expect(feed.mark.value.kind).toBe('live')
  })
})
