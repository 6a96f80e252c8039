import { get, post, put } from '@/api/client'
import type { components } from '@/api/schema'
import type { Page, Queue } from '@/api/types'
import type { Plan } from './plan'

type Schemas = components['schemas']
export type PlanHead = Schemas['PlanHead']
export type KeptPlan = Omit<Schemas['PlanOut'], 'plan'> & { plan: Plan }
export type Applied = Schemas['PlanApplied']
export type Files = Record<string, string>

const at = (account: string) => `/api/pbx/${encodeURIComponent(account)}/plan`
export const listPlans = async () => (await get<Page<PlanHead>>('/api/pbx')).items
export const showPlan = (account: string) => get<KeptPlan>(at(account))
/** @throws ApiProblem that names each field which is wrong or leads nowhere. */
export const keepPlan = (account: string, plan: Plan, revision: number) => put<KeptPlan>(at(account), { body: { plan }, revision })
export const previewPlan = async (account: string, plan: Plan) => (await post<{ files: Files }>(`${at(account)}/preview`, { body: { plan } })).files
export const applyPlan = (account: string, revision: number) => post<Applied>(`${at(account)}/apply`, { revision })
export const listQueues = async () => (await get<Page<Queue>>('/api/queues')).items
