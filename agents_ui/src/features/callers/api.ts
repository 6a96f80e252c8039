import { get, newKey, post, remove } from '@/api/client'
import type { components } from '@/api/schema'
import type { Page, Queue } from '@/api/types'

type Schemas = components['schemas']
export type Callback = Schemas['CallbackOut']
export type NewCallback = Pick<Schemas['NewCallback'], 'number' | 'at' | 'queue' | 'note'>
/** A number that is kept on a list, blocked or not to be called; `account` only where it is blocked. */
export type Kept = Schemas['DoNotCallOut'] & { account?: string }
export type KeptList = 'blocked' | 'never'

/** How far a list is read: what follows `after`, so many at once. */
export interface Place {
  after: string | null
  limit: number
}

const KEPT: Record<KeptList, string> = { blocked: '/api/blocked-callers', never: '/api/do-not-call' }

export const listCallbacks = (kind: Callback['kind'], state: Callback['state'], mine: boolean, place: Place) =>
  get<Page<Callback>>('/api/callbacks', { query: { kind, state, mine, ...place } })
export const planCallback = (body: NewCallback, key: string) => post<Callback>('/api/callbacks', { body, key })
export const endCallback = (id: string, how: 'done' | 'cancel') => post<Callback>(`/api/callbacks/${id}/${how}`)
export const dialCallback = (id: string) => post<Schemas['Dialled']>(`/api/callbacks/${id}/call`, { body: {}, key: newKey() })
export const listQueues = async () => (await get<Page<Queue>>('/api/queues')).items

/** Blocked callers come all at once; the hub takes no place for them. */
export const listKept = (list: KeptList, number: string, place: Place) =>
  get<Page<Kept>>(KEPT[list], list === 'never' ? { query: { number, ...place } } : undefined)
export const keep = (list: KeptList, number: string, reason: string, until: string | null) =>
  post<Kept & { told?: boolean }>(KEPT[list], { body: { number, reason, until }, key: newKey() })
export const letGo = (list: KeptList, id: string) => remove<void>(`${KEPT[list]}/${encodeURIComponent(id)}`)
