import { get } from '@/api/client'
import type { Account, Page, QuarantineEntry } from '@/api/types'

export const listAccounts = async () => (await get<Page<Account>>('/api/accounts')).items
export const listQuarantine = async () => (await get<Page<QuarantineEntry>>('/api/quarantine')).items
