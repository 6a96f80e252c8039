import { get, post, put, remove } from '@/api/client'
import type { Me } from '@/api/types'

/** What an authenticator app needs; the hub shows it once. */
export interface Enrolment {
  uri: string
  secret: string
}

/** A place where the person is signed in. `agent` is what the program says of itself. */
export interface OwnSession {
  id: string
  started_at: string
  seen_at: string
  address: string
  agent: string
  current: boolean
}

export const isSecondFactorOn = async () => (await get<Me>('/api/me')).second_factor
export const beginSecondFactor = (password: string) => post<Enrolment>('/api/me/otp', { body: { password } })
export const confirmSecondFactor = async (code: string) => (await post<{ recovery_codes: string[] }>('/api/me/otp/confirm', { body: { code } })).recovery_codes
export const turnOffSecondFactor = (password: string) => post<undefined>('/api/me/otp/turn-off', { body: { password } })

/** All other sessions end with it. */
export const changePassword = (present: string, password: string) => put<undefined>('/api/me/password', { body: { present, password } })

export const listSessions = async () => (await get<{ items: OwnSession[] }>('/api/me/sessions')).items
export const endSession = (id: string) => remove<undefined>(`/api/me/sessions/${id}`)
export const endOtherSessions = async () => (await post<{ ended: number }>('/api/me/sessions/end-others', { body: {} })).ended
