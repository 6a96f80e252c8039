import { get, patch, post, type QueryValue } from '@/api/client'
import type { components } from '@/api/schema'
import type { Page } from '@/api/types'
import { readMeta, type RawMeta } from './readMeta'
import type { FileFacts, Row, TypeMeta } from './meta'

/** A message rule asks whom to tell of what was just saved. It comes with the answer to the write. */
export interface Ask {
  rule: string
  name: string
  revision: number
  candidates: { id: string; name: string }[]
}

/** One line of a record's change log. `actor` is a user's id or `system`. */
export interface HistoryEntry {
  id: string
  revision: number
  at: string
  actor: string
  change: string
  state: string | null
  reason: string | null
  fields: { field: string; old?: unknown; new?: unknown }[]
  /** What the files among the values were called then. */
  files: Record<string, FileFacts>
}

export const listTypes = async () => (await get<{ items: RawMeta[] }>('/api/record-types')).items.map(readMeta)

export const showType = async (type: string): Promise<TypeMeta> => readMeta(await get<RawMeta>(`/api/record-types/${type}`))

export const listRecords = (type: string, query: Record<string, QueryValue>) => get<Page<Row>>(`/api/records/${type}`, { query })

export const showRecord = (type: string, id: string) => get<Row>(`/api/records/${type}/${id}`)

export const createRecord = (type: string, fields: Record<string, unknown>, key: string) =>
  post<Row>(`/api/records/${type}`, { body: fields, key })

export const changeRecord = (type: string, id: string, revision: number, fields: Record<string, unknown>) =>
  patch<Row>(`/api/records/${type}/${id}`, { body: fields, revision })

/** `revision`: nothing newer than what was read is moved. */
export const moveRecord = (type: string, id: string, revision: number, to: string) =>
  post<Row>(`/api/records/${type}/${id}/transition`, { body: { to }, revision })

/** The newest changes first. */
export const listHistory = async (type: string, id: string) =>
  (await get<{ items: HistoryEntry[]; next: number | null }>(`/api/records/${type}/${id}/history`)).items

/** Tell those who were chosen; the same again changes nothing. */
export const tellOf = (ask: Ask, record: string, users: string[]) =>
  post<components['schemas']['Told']>(`/api/message-rules/${ask.rule}/tell`, { body: { record, revision: ask.revision, users } })
