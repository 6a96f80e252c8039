import { get, patch, post, remove } from '@/api/client'
import type { CannedAnswer, CannedField, Page, Queue } from '@/api/types'

export interface CannedFields {
  shortcut: string
  title: string
  text: string
  shared_with: string
}

export const listCanned = () => get<{ items: CannedAnswer[]; fields: CannedField[] }>('/api/canned')
export const createCanned = (fields: CannedFields) => post<CannedAnswer>('/api/canned', { body: fields })
export const changeCanned = (id: string, revision: number, fields: CannedFields) =>
  patch<CannedAnswer>(`/api/canned/${id}`, { body: fields, revision })
export const removeCanned = (id: string) => remove<undefined>(`/api/canned/${id}`)
export const listQueues = async () => (await get<Page<Queue>>('/api/queues')).items
