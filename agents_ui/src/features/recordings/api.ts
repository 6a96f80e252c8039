import { get, post, put } from '@/api/client'
import type { components } from '@/api/schema'
import type { Page, Queue } from '@/api/types'

type Schemas = components['schemas']
export type Listed = Schemas['ListedRecording']
export type Export = Schemas['ExportOut']

/** Which recordings; empty words say nothing. */
export interface Filter {
  since: string | null
  until: string | null
  queue: string
  agent: string | null
  number: string
}

export const listRecordings = (filter: Filter, after: string | null = null) =>
  get<Page<Listed>>('/api/recordings', { query: { ...said(filter), after } })
export const exportRecordings = (filter: Filter, key: string) => post<Export>('/api/recordings/export', { body: said(filter), key })
/** No reason: lets it go again. */
export const holdRecordings = (call: string, reason: string | null) => put<undefined>(`/api/calls/${call}/legal-hold`, { body: { reason } })
export const listQueues = async () => (await get<Page<Queue>>('/api/queues')).items

function said(filter: Filter): Partial<Filter> {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value)) as Partial<Filter>
}
