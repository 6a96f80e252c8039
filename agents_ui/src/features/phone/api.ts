import { get, newKey, patch, post, put } from '@/api/client'
import type { components } from '@/api/schema'
import type { Page } from '@/api/types'
import type { MyPhone, Way } from './driver'

type Schemas = components['schemas']
export type Call = Schemas['CallOut']
export type Phone = Schemas['PhoneOut']
export type QueueStand = Schemas['PhoneInQueue']['state']

/** What may come of a call. */
export interface Outcome {
  code: string
  en: string
  zh: string
}

export const showChance = () => get<Schemas['PhoneChance']>('/api/me/phone')

export const signPhoneIn = () => post<MyPhone>('/api/me/phone')

export const freshWay = () => get<Way>('/api/me/phone/way')

export const liveCalls = async () => (await get<Page<Call>>('/api/calls', { query: { state: 'live' } })).items

export const dial = (to: string) => post<Schemas['Dialled']>('/api/calls', { body: { to }, key: newKey() })

export const endCall = (call: string) => post<void>(`/api/calls/${call}/hangup`)

export const transferCall = (call: string, to: string, kind: 'blind' | 'attended') => post<void>(`/api/calls/${call}/transfer`, { body: { to, kind } })

export const finishTransfer = (call: string, how: 'complete' | 'cancel') => post<void>(`/api/calls/${call}/transfer/${how}`)

export const inviteInto = (call: string, to: string) => post<Call>(`/api/calls/${call}/conference`, { body: { to } })

export const setRecording = (call: string, state: 'paused' | 'running') => post<Call>(`/api/calls/${call}/recording`, { body: { state } })

export const listOutcomes = async (queue: string | null) => (await get<Page<Outcome>>('/api/call-outcomes', { query: { queue } })).items

export const wrapUp = (call: string, outcome: string, note: string) => post<void>(`/api/calls/${call}/wrap-up`, { body: { outcome, note } })

export const standInQueue = (queue: string, state: QueueStand) => put<Schemas['PhoneInQueueOut']>(`/api/queues/${queue}/phone`, { body: { state } })

export const listPhones = async () => (await get<Page<Phone>>('/api/phones')).items

export const attach = (conversation: string, type: string, id: string) => put<void>(`/api/conversations/${conversation}/records/${type}/${id}`)

interface Person {
  id: string
  revision: number
}

/** Gives a person an extension, or takes it (null). The hub judges who may, and writes it into the change log. */
export async function giveExtension(user: string, extension: string | null): Promise<void> {
  const person = await get<Person>(`/api/records/user/${user}`)
  await patch(`/api/records/user/${user}`, { body: { extension }, revision: person.revision })
}
