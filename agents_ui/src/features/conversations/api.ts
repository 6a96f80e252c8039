import { get, patch, post, type QueryValue } from '@/api/client'
import type { Conversation, ConversationChange, FileRef, Message, NewMessage, Page } from '@/api/types'

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

export function uploadFile(file: File): Promise<FileRef> {
  const body = new FormData()
  body.append('file', file, file.name)
  return post<FileRef>('/api/files', { body })
}

export const fileAddress = (id: string) => `/api/files/${id}`
export const sourceAddress = (id: string) => `/api/messages/${id}/source`
