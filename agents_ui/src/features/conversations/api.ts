import { get, patch, post, put, queryOf, readText, remove, type QueryValue } from '@/api/client'
import type {
  BulkAnswer, BulkBody, Conversation, ConversationChange, Draft, DraftFields, DraftMark, Message, Move, NewMessage, Page, SavedView,
} from '@/api/types'

export const listConversations = (query: Record<string, QueryValue>, signal?: AbortSignal) =>
  get<Page<Conversation>>('/api/conversations', { query, ...(signal ? { signal } : {}) })

export const showConversation = (id: string) => get<Conversation>(`/api/conversations/${id}`)

export const changeConversation = (id: string, revision: number, change: ConversationChange) =>
  patch<Conversation>(`/api/conversations/${id}`, { body: change, revision })

/** A page of the thread, ascending by `seq`; the newest page without `before`. */
export const listMessages = (id: string, before: string | null, limit: number) =>
  get<Page<Message>>(`/api/conversations/${id}/messages`, { query: { before, limit } })

export const showMessage = (id: string) => get<Message>(`/api/messages/${id}`)

/** The same `key` twice is one message. */
export const addMessage = (id: string, message: NewMessage, key: string) =>
  post<Message>(`/api/conversations/${id}/messages`, { body: message, key })

export const retryMessage = (id: string) => post<Message>(`/api/messages/${id}/retry`)

/** Keeps a message that still waits from being sent; 409 when it is on its way already. */
export const cancelMessage = (id: string) => post<Message>(`/api/messages/${id}/cancel`)

/** Another moment for a message that still waits; null = now. */
export const planMessage = (id: string, sendAt: string | null) => patch<Message>(`/api/messages/${id}/plan`, { body: { send_at: sendAt } })

/** Out of sight for everybody, and deleted in its mailbox. */
export const removeMessage = (id: string) => remove<undefined>(`/api/messages/${id}`)
export const restoreMessage = (id: string) => post<Message>(`/api/messages/${id}/restore`)

export const sourceAddress = (id: string) => `/api/messages/${id}/source`

/** The raw input of a message, read as text. */
export const readSource = (id: string) => readText(sourceAddress(id))

/** The message's HTML as a page for a frame; `pictures` fetches the remote ones through the hub. */
export const pageAddress = (id: string, look: { pictures: boolean; language: string }) =>
  `/api/messages/${id}/html` + queryOf({ language: look.language, pictures: look.pictures ? 'show' : undefined })

export const countViews = (keys: string[]) =>
  get<{ views: Record<string, number | null>; cap: number }>('/api/conversations/counts', { query: { views: keys.join(',') } })

export interface ViewFields {
  name: string
  filters: Record<string, unknown>
  shared_with: string
}

export const listViews = () => get<Page<SavedView>>('/api/views')
export const createView = (fields: ViewFields) => post<SavedView>('/api/views', { body: fields })
export const changeView = (id: string, revision: number, fields: ViewFields) =>
  patch<SavedView>(`/api/views/${id}`, { body: fields, revision })
export const removeView = (id: string) => remove<undefined>(`/api/views/${id}`)

/** One slice of a change to many; see `runBulk`. */
export const changeMany = (body: BulkBody) => post<BulkAnswer>('/api/conversations/bulk', { body })

export const listDrafts = () => get<Page<DraftMark>>('/api/drafts')
/** Without a conversation: the first message of a new one. */
const draftAddress = (id: string) => (id ? `/api/conversations/${id}/draft` : '/api/drafts/new')
export const showDraft = (id: string) => get<Draft>(draftAddress(id))
export const saveDraft = (id: string, draft: DraftFields) => put<Draft>(draftAddress(id), { body: draft })
export const dropDraft = (id: string) => remove<undefined>(draftAddress(id))

export const splitOff = (id: string, messages: string[], subject: string | null) =>
  post<Move>(`/api/conversations/${id}/split`, { body: { messages, subject } })
export const joinInto = (id: string, into: string) => post<Move>(`/api/conversations/${id}/join`, { body: { into } })
export const undoMove = (id: string, move: string) => post<Move>(`/api/conversations/${id}/undo`, { body: { move } })

export const attachRecord = (id: string, type: string, record: string) =>
  put<Conversation>(`/api/conversations/${id}/records/${type}/${record}`)
export const detachRecord = (id: string, type: string, record: string) =>
  remove<Conversation>(`/api/conversations/${id}/records/${type}/${record}`)
