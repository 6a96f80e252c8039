import { get, patch, post, remove } from '@/api/client'
import type { components } from '@/api/schema'

type Schemas = components['schemas']
export type Mailing = Schemas['MailingOut']
export type Run = Schemas['RunOut']
export type Receiver = Schemas['ReceiverOut']
export type Preview = Schemas['PreviewOut']
export type Field = Schemas['FieldOut']
export type Fault = Schemas['FaultOut']
export type SegmentKind = Schemas['SegmentIn']['kind']
export interface Segment { kind: SegmentKind; filters: Record<string, string> }
export interface MailingFields {
  name: string
  account: string
  language: 'zh' | 'en'
  subject: string
  text: string
  html: string
  attachments: string[]
  segments: Segment[]
  addresses: string[]
}

export const listMailings = async () => (await get<{ items: Mailing[] }>('/api/mailings')).items
export const showMailing = (id: string) => get<Mailing>(`/api/mailings/${id}`)
export const createMailing = (fields: MailingFields, key: string) => post<Mailing>('/api/mailings', { body: fields, key })
export const changeMailing = (id: string, revision: number, fields: MailingFields) => patch<Mailing>(`/api/mailings/${id}`, { body: fields, revision })
export const removeMailing = (id: string) => remove<undefined>(`/api/mailings/${id}`)
export const previewMailing = (id: string, n: number) => get<Preview>(`/api/mailings/${id}/preview`, { query: { n } })

export type SegmentCount = Schemas['CountOut']
export const countSegments = async (segments: Segment[]) => (await post<{ items: SegmentCount[] }>('/api/mailings/count', { body: { segments } })).items
/** The metadata of a record type: its fields, and how lists are filtered by them. */
export const readType = (type: string) => get<Record<string, unknown>>(`/api/record-types/${type}`)

interface Named { id: string; name?: string; label?: string }
const titleOf = (row: Named) => row.name || row.label || row.id
/** Records that a link may lead to, by part of their name. */
export const findLinked = async (type: string, part: string, list: string | null) =>
  (await get<{ items: Named[] }>(`/api/records/${type}`, { query: { ...(part ? { name__contains: part } : {}), ...(list ? { list } : {}), limit: 20 } })).items.map((row) => ({ id: row.id, title: titleOf(row) }))
/** What a linked record is called; one that is out of sight keeps its id. */
export const nameOfLinked = (type: string, id: string) =>
  get<Named>(`/api/records/${type}/${id}`).then(titleOf, () => id)

export const listRuns = async (id: string) => (await get<{ items: Run[] }>(`/api/mailings/${id}/runs`)).items
/** `sendAt` null: now. */
export const startRun = (id: string, sendAt: string | null, key: string) => post<Run>(`/api/mailings/${id}/runs`, { body: { send_at: sendAt }, key })
export const moveRun = (run: string, act: 'pause' | 'resume' | 'cancel') => post<Run>(`/api/mailing-runs/${run}/${act}`)
export const listReceivers = (run: string, state: string, after: number) =>
  get<{ items: Receiver[]; next: number | null }>(`/api/mailing-runs/${run}/receivers`, { query: { state, after } })

export interface Attached { id: string; name: string; size: number }

export const listAccounts = async () =>
  (await get<{ items: { id: string; channel: string }[] }>('/api/sending-accounts')).items.filter((one) => one.channel === 'email')
export const listFields = async () => (await get<{ items: Field[] }>('/api/templates/fields')).items
export const checkTexts = async (texts: { subject: string; text: string; html: string }) =>
  (await post<{ faults: Fault[] }>('/api/templates/check', { body: texts })).faults

/** The saved templates for mail, to begin from. */
export interface Template { id: string; name: string; subject: string | null; body: string | null; text_body: string | null; language: 'zh' | 'en' | null }
export const listTemplates = async () =>
  (await get<{ items: Template[] }>('/api/records/message_template', { query: { channel: 'email', order: 'name', limit: 200 } })).items
