import { get, post } from '@/api/client'
import type { Me } from '@/api/types'

/** What an authenticator app needs; the hub shows it once. */
export interface Enrolment {
  uri: string
  secret: string
}

export const isSecondFactorOn = async () => (await get<Me>('/api/me')).second_factor
export const beginSecondFactor = (password: string) => post<Enrolment>('/api/me/otp', { body: { password } })
export const confirmSecondFactor = async (code: string) => (await post<{ recovery_codes: string[] }>('/api/me/otp/confirm', { body: { code } })).recovery_codes
export const turnOffSecondFactor = (password: string) => post<undefined>('/api/me/otp/turn-off', { body: { password } })
