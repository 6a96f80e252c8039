import { get, newKey, patch, post, put, remove } from '@/api/client'
import type { components } from '@/api/schema'
import type { Page, Queue } from '@/api/types'
import type { RulesOut } from './rules'

type Schemas = components['schemas']
export type CallList = Schemas['CallListOut']
export type Entry = Schemas['CallEntryOut']
export type Next = Schemas['NextOut']
export type Seat = Schemas['SeatOut']
export type ListState = 'running' | 'paused' | 'done'

/** What may come of a call. */
export interface Outcome {
  code: string
  en: string
  zh: string
}

/** A list as it is written: whom by kind and filters, and single numbers. */
export interface NewList extends RulesOut {
  name: string
  queue: string
  segments: { kind: string; filters: Record<string, string> }[]
  numbers: string[]
  script: string
  mode: CallList['mode']
  pace_s: number
}

export const listCallLists = (after: string | null = null) => get<Page<CallList>>('/api/call-lists', { query: { after } })
export const showCallList = (id: string) => get<CallList>(`/api/call-lists/${id}`)
export const makeCallList = (body: NewList, key: string) => post<CallList>('/api/call-lists', { body, key })
export const moveCallList = (id: string, state: ListState) => patch<CallList>(`/api/call-lists/${id}`, { body: { state } })
export const changeRules = (id: string, rules: RulesOut) => patch<CallList>(`/api/call-lists/${id}`, { body: rules })
export const takeNext = (id: string) => post<Next>(`/api/call-lists/${id}/next`)
export const dialEntry = (one: Entry) => post<Schemas['Dialled']>(`/api/call-lists/${one.list}/entries/${one.id}/dial`, { key: newKey() })
export const setResult = (one: Entry, outcome: string, note: string, again: string | null) =>
  post<Entry>(`/api/call-lists/${one.list}/entries/${one.id}/result`, { body: { outcome, note, again_at: again } })
export const sit = (list: string, state: 'ready' | 'paused' | null) => put<Seat>(`/api/call-lists/${list}/seat`, { body: { state } })
export const leaveSeat = (list: string) => remove<void>(`/api/call-lists/${list}/seat`)
export const skipEntry = (list: string, entry: string) => post<Seat>(`/api/call-lists/${list}/entries/${entry}/skip`)
export const listOutcomes = async (queue: string | null) => (await get<Page<Outcome>>('/api/call-outcomes', { query: { queue } })).items
export const listQueues = async () => (await get<Page<Queue>>('/api/queues')).items
