import { get, put, remove } from '@/api/client'
import type { components } from '@/api/schema'
import type { Conversation, Page, Queue } from '@/api/types'

export type Block = components['schemas']['Block']
export type BlockKind = Block['kind']
export const BLOCKS: BlockKind[] = ['pending', 'notices', 'queues', 'announcements', 'menus', 'records', 'schedule', 'report', 'outside']

export interface Home {
  scheme: string | null
  personal: boolean
  blocks: Block[]
}

export const showHome = () => get<Home>('/api/home')
export const keepHome = (blocks: Block[]) => put<Home>('/api/home', { body: { blocks } })
export const forgetHome = () => remove<Home>('/api/home')

/** Conversations of mine in which somebody waits for an answer. */
export const listPending = () => get<Page<Conversation>>('/api/conversations', { query: { assignee: 'me', waiting: true, limit: 10 } })
export const listQueues = async () => (await get<{ items: Queue[] }>('/api/queues')).items

export interface Row {
  id: string
  [field: string]: unknown
}

export interface TypeName {
  key: string
  title?: string
  label: { zh: string; en: string }
  plural: { zh: string; en: string }
}

export const listTypes = async () => (await get<{ items: TypeName[] }>('/api/record-types')).items
export const listRows = (type: string, title: string, words: string) =>
  get<Page<Row>>(`/api/records/${type}`, { query: { [`${title}__contains`]: words, limit: 8 } })

export type ScheduleEntry = components['schemas']['ScheduleEntry']
export const listSchedule = async () => (await get<{ items: ScheduleEntry[] }>('/api/me/schedule')).items

export type Traffic = components['schemas']['TrafficOut']
export const showTraffic = (days: number, zone: string) => get<Traffic>('/api/reports/traffic', { query: { days, zone } })

export type OutsideApp = components['schemas']['OutsideAppOut']
export const listOutsideApps = async () => (await get<{ items: OutsideApp[] }>('/api/outside-apps')).items
