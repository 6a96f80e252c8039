import { get, put, queryOf } from '@/api/client'
import type { components } from '@/api/schema'

type Schemas = components['schemas']
export type Wallboard = Schemas['WallboardOut']
export type QueueBoard = Schemas['BoardOut']
export type BoardCall = Schemas['BoardCall']
export type BoardAgent = Schemas['BoardAgent']
export type AgentState = BoardAgent['state']
export type Figures = Schemas['FiguresOut']
export type Together = Schemas['AllOut']
export type Target = Schemas['TargetOut']
export type Report = Schemas['ReportOut']
export type ReportRow = Schemas['ReportRow']
export type By = Report['by']
export type Staffing = Schemas['StaffingOut']

export interface ReportQuery {
  by: By
  from: string
  to: string
  queue: string
  direction: 'inbound' | 'outbound' | 'internal'
}

/** Days and hours are those of the person's browser. */
const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone

export const readBoard = () => get<Wallboard>('/api/wallboard')
export const setTarget = (queue: string, target: Target) => put<Target>(`/api/queues/${queue}/service-level`, { body: target })
export const readReport = (query: ReportQuery) => get<Report>('/api/reports/calls', { query: { ...query, zone: zone() } })
export const csvOf = (query: ReportQuery) => `/api/reports/calls.csv${queryOf({ ...query, zone: zone() })}`
export const readStaffing = (queue: string, day: string) => get<Staffing>('/api/reports/staffing', { query: { queue, day, zone: zone() } })
export const listQueues = async () => (await get<{ items: { id: string; name: string; name_zh: string }[] }>('/api/queues')).items
