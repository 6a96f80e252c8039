/** The one door to the hub's HTTP interface: session cookie, CSRF header, problem documents, `If-Match`, `Idempotency-Key`. */
import { ApiProblem, problemOf, unreachable } from '@/api/problem'

export type QueryValue = string | number | boolean | null | undefined

export interface CallOptions {
  query?: Record<string, QueryValue>
  body?: unknown
  /** The revision that was read; the hub answers 412 when somebody was faster. */
  revision?: number
  /** The same key twice is the same act; see `newKey`. */
  key?: string
  signal?: AbortSignal | undefined
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

let csrf: string | null = null
let signedOut: () => void = () => undefined

/** The token that came with the sign-in; sent with everything that changes something. */
export function useCsrf(token: string | null): void {
  csrf = token
}

/** Called once per answer 401 on a call that expected a sign-in. */
export function onSignedOut(handler: () => void): void {
  signedOut = handler
}

let mustEnrol: () => void = () => undefined

/** Called when the hub lets the person do nothing but enrol a second factor. */
export function onMustEnrol(handler: () => void): void {
  mustEnrol = handler
}

let faultsKnown: () => Promise<unknown> = () => Promise.resolve()

/** Awaited before a problem that names fields is thrown: the words for it may be still to come. */
export function onFaults(prepare: () => Promise<unknown>): void {
  faultsKnown = prepare
}

/** How long a read may take, in milliseconds. One that takes longer waits on a connection that is no more. */
const READ_MS = 30_000
const reads = new Set<AbortController>()
let unread: () => void = () => undefined

/** Called for each read that got no answer: what it was for may be missing on the screen. */
export function onUnread(handler: () => void): void {
  unread = handler
}

/** The link broke, or stands anew: what was asked over the old one is not waited for any longer. */
export function endReads(): void {
  for (const one of reads) one.abort()
}

/** A fresh idempotency key. `randomUUID` exists in secure contexts only, and a console on a LAN may be plain HTTP. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export const get = <T>(path: string, options?: CallOptions): Promise<T> => call<T>('GET', path, options)
export const post = <T>(path: string, options?: CallOptions): Promise<T> => call<T>('POST', path, options)
export const put = <T>(path: string, options?: CallOptions): Promise<T> => call<T>('PUT', path, options)
export const patch = <T>(path: string, options?: CallOptions): Promise<T> => call<T>('PATCH', path, options)
export const remove = <T>(path: string, options?: CallOptions): Promise<T> => call<T>('DELETE', path, options)

/** @throws ApiProblem for every answer that is not 2xx, and (status 0) for none. */
async function call<T>(method: Method, path: string, options: CallOptions = {}): Promise<T> {
  const ask = async (signal = options.signal) => answerOf<T>(await request(method, path, { ...options, signal }), path)
  return method === 'GET' ? reading(ask, options.signal) : ask()
}

/** A read ends within its time: with the whole answer, or (status 0) with none. */
async function reading<T>(ask: (signal: AbortSignal) => Promise<T>, stopped?: AbortSignal): Promise<T> {
  const limit = new AbortController()
  const end = () => limit.abort()
  const timer = setTimeout(end, READ_MS)
  stopped?.addEventListener('abort', end)
  if (stopped?.aborted) end()
  reads.add(limit)
  try {
    return await ask(limit.signal)
  } catch (trouble) {
    if (stopped?.aborted) throw new DOMException('stopped', 'AbortError')
    if (trouble instanceof ApiProblem && trouble.status !== 0) throw trouble
    unread()
    throw trouble instanceof ApiProblem ? trouble : unreachable(trouble)
  } finally {
    clearTimeout(timer)
    stopped?.removeEventListener('abort', end)
    reads.delete(limit)
  }
}

/** What the hub said to a call of `path`. @throws ApiProblem for every answer that is not 2xx */
export async function answerOf<T>(response: Response, path: string): Promise<T> {
  if (!response.ok) {
    const problem = await problemOf(response)
    if (problem.status === 401 && path !== '/api/session') signedOut()
    if (problem.code === 'second-factor-needed') mustEnrol()
    if (problem.fields.length > 0) await faultsKnown().catch(() => undefined) // then in the hub's own words
    throw problem
  }
  if (response.status === 204) return undefined as T
  return (await response.json().catch(cutOff)) as T
}

/** The link broke within the answer: as good as none. */
function cutOff(cause: unknown): never {
  throw isAbort(cause) ? cause : unreachable(cause)
}

const isAbort = (cause: unknown) => cause instanceof DOMException && cause.name === 'AbortError'

/** An answer that is no JSON, as text. @throws ApiProblem */
export function readText(path: string): Promise<string> {
  return reading(async (signal) => {
    const response = await request('GET', path, { signal })
    if (response.ok) return response.text()
    const problem = await problemOf(response)
    if (problem.status === 401) signedOut()
    throw problem
  })
}

async function request(method: Method, path: string, options: CallOptions): Promise<Response> {
  const init: RequestInit = { method, headers: headersOf(method, options), credentials: 'same-origin' }
  if (options.signal) init.signal = options.signal
  if (options.body instanceof FormData) init.body = options.body
  else if (options.body !== undefined) init.body = JSON.stringify(options.body)
  try {
    return await fetch(path + queryOf(options.query), init)
  } catch (cause) {
    return cutOff(cause)
  }
}

export function headersOf(method: Method, options: CallOptions): Headers {
  const headers = new Headers({ Accept: 'application/json' })
  if (options.body !== undefined && !(options.body instanceof FormData)) headers.set('Content-Type', 'application/json')
  if (method !== 'GET' && csrf) headers.set('X-CSRF-Token', csrf)
  if (options.revision !== undefined) headers.set('If-Match', `"${options.revision}"`)
  if (options.key) headers.set('Idempotency-Key', options.key)
  return headers
}

/** Empty values are left out, so that callers may pass their whole filter. */
export function queryOf(query: Record<string, QueryValue> = {}): string {
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== '')
  const text = new URLSearchParams(pairs.map(([name, value]) => [name, String(value)])).toString()
  return text ? `?${text}` : ''
}

export { ApiProblem }
