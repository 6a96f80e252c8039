import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { endReads, get, newKey, onSignedOut, onUnread, patch, post, queryOf, useCsrf } from '@/api/client'

const network = vi.fn<typeof fetch>()
const ended = vi.fn()

beforeEach(() => {
  network.mockReset()
  ended.mockReset()
  vi.stubGlobal('fetch', network)
  onSignedOut(ended)
  useCsrf('token')
})
afterEach(() => vi.unstubAllGlobals())

const sent = () => new Headers(network.mock.calls[0]?.[1]?.headers)
const refuse = (status: number, document: object, headers: Record<string, string> = {}) =>
  network.mockResolvedValue(new Response(JSON.stringify(document), { status, headers }))

it('a change carries the CSRF token, the revision and the key; a read carries none of them', async () => {
  network.mockResolvedValue(Response.json({}))
  await patch('/api/x', { body: { a: 1 }, revision: 7, key: 'k' })
  expect(['X-CSRF-Token', 'If-Match', 'Idempotency-Key'].map((name) => sent().get(name))).toEqual(['token', '"7"', 'k'])
  network.mockClear()
  network.mockResolvedValue(Response.json({}))
  await get('/api/x')
  expect(sent().has('X-CSRF-Token')).toBe(false)
})

it('a form keeps the boundary that the browser makes', async () => {
  network.mockResolvedValue(Response.json({}))
  await post('/api/files', { body: new FormData() })
  expect(sent().has('Content-Type')).toBe(false)
})

it('a problem document becomes an ApiProblem with its code and fields', async () => {
  refuse(422, { type: 'urn:mainstem:problem:invalid', title: 'Invalid input', status: 422, errors: [{ path: 'name', code: 'missing', detail: 'needed' }] })
  await expect(post('/api/x', { body: {} })).rejects.toMatchObject({ status: 422, code: 'invalid', fields: [{ path: 'name' }] })
})

it('a page of a proxy is a problem too', async () => {
  network.mockResolvedValue(new Response('<html>', { status: 502, statusText: 'Bad Gateway' }))
  await expect(get('/api/x')).rejects.toMatchObject({ status: 502, message: 'Bad Gateway' })
})

it('no answer is a problem of status 0', async () => {
  network.mockRejectedValue(new TypeError('failed'))
  await expect(get('/api/x')).rejects.toMatchObject({ status: 0, code: 'unreachable' })
})

it('a throttled call says how long to wait', async () => {
  refuse(429, { type: 'urn:mainstem:problem:throttled', title: 'Too many', status: 429 }, { 'Retry-After': '12' })
  await expect(post('/api/session')).rejects.toMatchObject({ retryAfter: 12 })
})

it('an ended sign-in is told once; wrong credentials are not an ended sign-in', async () => {
  refuse(401, { type: 'urn:mainstem:problem:sign-in-needed', title: 'Sign in', status: 401 })
  await expect(post('/api/session')).rejects.toMatchObject({ status: 401 })
  expect(ended).not.toHaveBeenCalled()
  refuse(401, { type: 'urn:mainstem:problem:sign-in-needed', title: 'Sign in', status: 401 })
  await expect(get('/api/conversations')).rejects.toMatchObject({ status: 401 })
  expect(ended).toHaveBeenCalledOnce()
})

it('empty filters are left out of the query', () => {
  expect(queryOf({ q: '发 票', state: '', channel: null, limit: 5 })).toBe('?q=%E5%8F%91+%E7%A5%A8&limit=5')
})

it('keys do not repeat', () => {
  expect(newKey()).toMatch(/^[0-9a-f]{32}$/)
  expect(newKey()).not.toBe(newKey())
})

/** The network takes the request and never answers; like a browser, it breaks off when it is told to. */
const silence: typeof fetch = (_path, init) =>
  new Promise((_answer, reject) => init?.signal?.addEventListener('abort', () => reject(new DOMException('stopped', 'AbortError'))))

describe('a read always ends', () => {
  const unread = vi.fn()

  beforeEach(() => {
    vi.useFakeTimers()
    unread.mockReset()
    onUnread(unread)
  })
  afterEach(() => vi.useRealTimers())

  it('with no answer when the link breaks, or after its time', async () => {
    network.mockImplementation(silence)
    const broken = expect(get('/api/x')).rejects.toMatchObject({ status: 0, code: 'unreachable' })
    endReads()
    await broken
    const slow = expect(get('/api/x')).rejects.toMatchObject({ status: 0, code: 'unreachable' })
    await vi.advanceTimersByTimeAsync(30_000)
    await slow
    expect(unread).toHaveBeenCalledTimes(2)
  })

  it('with no answer when the link breaks within the answer', async () => {
    const cut = new ReadableStream({ start: (body) => body.error(new TypeError('network error')) })
    network.mockResolvedValue(new Response(cut))
    await expect(get('/api/x')).rejects.toMatchObject({ status: 0, code: 'unreachable' })
    expect(unread).toHaveBeenCalledOnce()
  })

  it('as stopped by whoever asked: then nothing is missing', async () => {
    network.mockImplementation(silence)
    const stop = new AbortController()
    const stopped = expect(get('/api/x', { signal: stop.signal })).rejects.toMatchObject({ name: 'AbortError' })
    stop.abort()
    await stopped
    expect(unread).not.toHaveBeenCalled()
  })

  it('while a change that is on its way is left to arrive', async () => {
    const later = new Promise((resolve) => setTimeout(resolve, 60_000))
    network.mockImplementation(() => later.then(() => Response.json({ id: 'a' })))
    const change = post<{ id: string }>('/api/x')
    endReads()
    await vi.advanceTimersByTimeAsync(60_000)
    await expect(change).resolves.toEqual({ id: 'a' })
  })
})
