import { get, patch, post } from '@/api/client'
import type { components } from '@/api/schema'

type Schemas = components['schemas']
export type Field = Schemas['FieldOut']
export type Fault = Schemas['FaultOut']
export type Merged = Schemas['MergedOut']

/** A record of the type `message_template`, as this feature uses it. */
export interface Template {
  id: string
  revision: number
  name: string
  channel: 'email' | 'sms' | 'notice' | 'im' | 'print'
  about: string | null
  subject: string | null
  body: string | null
  text_body: string | null
  language: 'zh' | 'en' | null
  labels: Record<string, string>
  owner?: string
}
export type TemplateFields = Pick<Template, 'name' | 'channel' | 'about' | 'subject' | 'body' | 'text_body' | 'language'>
export interface Texts { subject: string; text: string; html: string }

const PATH = '/api/records/message_template'
export const listTemplates = async () => (await get<{ items: Template[] }>(PATH, { query: { order: 'name', limit: 200 } })).items
export const showTemplate = (id: string) => get<Template>(`${PATH}/${id}`)
export const createTemplate = (fields: TemplateFields, key: string) => post<Template>(PATH, { body: fields, key })
export const changeTemplate = (id: string, revision: number, fields: TemplateFields) => patch<Template>(`${PATH}/${id}`, { body: fields, revision })

export const listFields = async (type: string | null) => (await get<{ items: Field[] }>('/api/templates/fields', { query: { type } })).items
export const checkTexts = async (texts: Texts, type: string | null) => (await post<{ faults: Fault[] }>('/api/templates/check', { body: { ...texts, ...(type ? { type } : {}) } })).faults
export const mergeTexts = (texts: Texts, language: 'zh' | 'en', record: string | null) => post<Merged>('/api/templates/merge', { body: { ...texts, language, record } })

export type Habits = Schemas['HabitsOut']
export const showHabits = () => get<Habits>('/api/me/writing')
export const changeHabits = (change: { undo_s: number; signature: { zh: string; en: string } }) => patch<Habits>('/api/me/writing', { body: change })

/** Contacts by part of their name, for the preview. */
export const findContacts = async (part: string) =>
  (await get<{ items: { id: string; name: string }[] }>('/api/records/contact', { query: { name__contains: part, limit: 20 } })).items
