import { get, post } from '@/api/client'
import type { components } from '@/api/schema'
import type { Conversation, Page } from '@/api/types'

type Schemas = components['schemas']
export type SendingAccount = Schemas['SendingAccountOut']
export type FirstMessage = Partial<Schemas['NewConversation']> & Pick<Schemas['NewConversation'], 'channel' | 'to'>

export const listSendingAccounts = async () => (await get<{ items: SendingAccount[] }>('/api/sending-accounts')).items.filter((one) => one.text)

/** The same `key` twice is one conversation. */
export const startConversation = (message: FirstMessage, key: string) => post<Conversation>('/api/conversations', { body: message, key })

/** A contact, as far as it is needed to write to somebody. */
export interface ContactRow {
  id: string
  name: string
  mails?: { address: string; primary?: boolean }[] | null
  phones?: { number: string; primary?: boolean }[] | null
}

export const findContacts = async (part: string, signal: AbortSignal) =>
  (await get<Page<ContactRow>>('/api/records/contact', { query: { name__contains: part, limit: 8 }, signal })).items

export interface TemplateRow {
  id: string
  name: string
  channel: string
  subject: string | null
  body: string | null
  text_body: string | null
  language: 'zh' | 'en' | null
}

export const listTemplates = async (channel: string) =>
  (await get<Page<TemplateRow>>('/api/records/message_template', { query: { channel, order: 'name', limit: 200 } })).items

/** The fields of a text filled in for one record (`TYPE:ID`), or for nobody in particular. */
export const mergeTexts = (texts: { subject: string; text: string; html: string }, language: 'zh' | 'en', record: string | null) =>
  post<Schemas['MergedOut']>('/api/templates/merge', { body: { ...texts, language, record } })
