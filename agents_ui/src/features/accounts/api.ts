import { get, patch, post, put, remove } from '@/api/client'
import type { TextField } from '@/kit/fieldText'
import type { Account, AccountSetup, ChannelKind, NewAccount, Page, QuarantineEntry } from '@/api/types'

export const listAccounts = async () => (await get<Page<Account>>('/api/accounts')).items
export const listQuarantine = async () => (await get<Page<QuarantineEntry>>('/api/quarantine')).items

export const listChannels = async () => (await get<Page<ChannelKind>>('/api/channels')).items
export const listQueues = async () => (await get<{ items: { id: string; name: string }[] }>('/api/queues')).items

export const showAccount = (id: string) => get<AccountSetup>(`/api/accounts/${id}`)
export const createAccount = (account: NewAccount, key: string) => post<AccountSetup>('/api/accounts', { body: account, key })

/** Fields of `config` that are not named stay; null takes one away. */
export const changeAccount = (id: string, revision: number, change: Partial<Pick<NewAccount, 'queue' | 'enabled' | 'config'>>) =>
  patch<AccountSetup>(`/api/accounts/${id}`, { body: change, revision })

export const removeAccount = (id: string) => remove<undefined>(`/api/accounts/${id}`)

/** @throws ApiProblem that says what is wrong with the connection. */
export const probeAccount = (id: string) => post<{ ok: boolean }>(`/api/accounts/${id}/probe`)

/** Asks for the mail since a day (ISO, UTC) to be fetched; the job tells its progress as `job.changed`. */
export const backfillAccount = (id: string, since: string) => post<{ job: string }>(`/api/accounts/${id}/backfill`, { body: { since } })

export interface AccountSignature { zh: string; en: string }
export const showSignature = (id: string) => get<AccountSignature>(`/api/accounts/${id}/signature`)
/** @throws ApiProblem that names the language and the place of a fault. */
export const changeSignature = (id: string, signature: AccountSignature) => put<AccountSignature>(`/api/accounts/${id}/signature`, { body: signature })
/** The fields that a signature may hold: its writer's and the company. */
export const listSignatureFields = async () =>
  (await get<{ items: TextField[] }>('/api/templates/fields')).items.filter((one) => one.path === 'company' || one.path.startsWith('sender.'))

/** Compares the account with its far side now. */
export const reconcileAccount = (id: string) => post<unknown>('/api/reconcile', { body: { account: id } })

/** `state` of the answer says whether it became a message (`done`) or waits on, with the new error. */
export const retryQuarantined = (id: string) => post<QuarantineEntry>(`/api/quarantine/${id}/retry`)

export const dismissQuarantined = (id: string, reason: string) =>
  post<QuarantineEntry>(`/api/quarantine/${id}/dismiss`, { body: { reason } })
