import { get, post } from '@/api/client'
import type { components } from '@/api/schema'

type Schemas = components['schemas']
export type Peaks = Schemas['PeaksOut']
export type Handler = Schemas['HandlerOut']

/** One recording as the message of its call shows it (`call.recordings`). */
export interface Recording {
  n: number
  state: 'awaited' | 'stored' | 'missing' | 'deleted'
  type: string
  seconds: number
  ended_at: string | null
}

export const soundOf = (call: string, n: number, download = false) =>
  `/api/calls/${encodeURIComponent(call)}/recording?n=${n}${download ? '&download=true' : ''}`
export const peaksOf = (call: string, n: number) => get<Peaks>(`/api/calls/${encodeURIComponent(call)}/recording/peaks`, { query: { n } })

export type SpyMode = 'listen' | 'whisper' | 'barge' | 'take-over'
export const supervise = (call: string, mode: SpyMode) => post<unknown>(`/api/calls/${encodeURIComponent(call)}/${mode}`)
export type PhoneBeside = Schemas['BesideOut']
export const myPhoneBeside = () => get<PhoneBeside>('/api/me/supervision')
