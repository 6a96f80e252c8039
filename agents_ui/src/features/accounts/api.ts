import { get, post } from '@/api/client'
import type { Account, Page, QuarantineEntry } from '@/api/types'

export const listAccounts = async () => (await get<Page<Account>>('/api/accounts')).items
export const listQuarantine = async () => (await get<Page<QuarantineEntry>>('/api/quarantine')).items

/** `state` of the answer says whether it became a message (`done`) or waits on, with the new error. */
export const retryQuarantined = (id: string) => post<QuarantineEntry>(`/api/quarantine/${id}/retry`)

export const dismissQuarantined = (id: string, reason: string) =>
  post<QuarantineEntry>(`/api/quarantine/${id}/dismiss`, { body: { reason } })
