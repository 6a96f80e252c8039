import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { get, newKey, onSignedOut, patch, post, queryOf, useCsrf } from '@/api/client'

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
