/** Notices: what a person was told. Several pages and the assistant show them, so the noun lives below the features. */
import { get, newKey, patch, post, type QueryValue } from '@/api/client'
import type { components } from '@/api/schema'

type Schemas = components['schemas']
export type Notice = Schemas['NoticeOut']
export type NoticeKind = Notice['kind']
export type Unread = Record<NoticeKind, number>
export type Announcement = Schemas['AnnouncementOut']

export interface NoticePage {
  items: Notice[]
  next: string | null
  unread: Unread
}

export const KINDS: NoticeKind[] = ['ordinary', 'warning', 'workflow']
const CAUSES = new Set(['assignment', 'mention', 'mail', 'delivery.failed', 'internal', 'announcement', 'record', 'callback', 'rule', 'rule.warning'])

export const listNotices = (query: Record<string, QueryValue>) => get<NoticePage>('/api/notices', { query })
export const moveNotice = (id: string, state: Notice['state']) => patch<Notice>(`/api/notices/${id}`, { body: { state } })
export const moveAllNotices = (state: 'read' | 'archived', kind: NoticeKind | null) =>
  post<{ changed: number }>('/api/notices/state', { body: { state, kind } })

export const listAnnouncements = async () => (await get<{ items: Announcement[] }>('/api/announcements', { query: { limit: 50 } })).items
export const confirmAnnouncement = (id: string) => post<Announcement>(`/api/announcements/${id}/confirm`)

/** Answer the customer of a conversation; the same `key` twice is one message. */
export const answerConversation = (id: string, text: string, key: string) =>
  post<unknown>(`/api/conversations/${id}/messages`, { body: { kind: 'reply', text, attachments: [] }, key })

/** Take a conversation, whatever was changed in it meanwhile. */
export const takeConversation = (id: string) => patch<unknown>(`/api/conversations/${id}`, { body: { assignee: 'me' } })

/** Write to colleagues; each is told. */
export const writeInternal = (fields: { users: string[]; departments: string[]; subject: string; text: string }, key = newKey()) =>
  post<Schemas['InternalOut']>('/api/internal-messages', { body: fields, key })

/** The key of the words that say what happened. */
export const wordsOf = (notice: Notice): string => `notices.cause.${CAUSES.has(notice.cause) ? notice.cause.replace('.', '_') : 'other'}`

export const unreadOf = (unread: Unread): number => KINDS.reduce((sum, kind) => sum + (unread[kind] ?? 0), 0)

const textAt = (about: Record<string, unknown>, key: string): string | null => {
  const value = about[key]
  return typeof value === 'string' && value !== '' ? value : null
}

export const conversationOf = (notice: Notice): string | null => textAt(notice.about, 'conversation')

/** Where one click leads; the hub judges there whether this person may see it. */
export function placeOf(notice: Notice): string | null {
  const conversation = conversationOf(notice)
  if (conversation) return `/inbox/${conversation}`
  const [type, record] = [textAt(notice.about, 'type'), textAt(notice.about, 'record')]
  if (type && record) return `/records/${type}/${record}`
  if (notice.cause === 'announcement') return '/notices?tab=announcements'
  if (notice.cause === 'callback') return '/callers'
  return notice.about.quarantine ? '/admin/accounts' : null
}
