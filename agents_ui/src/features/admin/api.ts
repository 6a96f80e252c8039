import { get, patch, post, put, remove, type QueryValue } from '@/api/client'
import type { components } from '@/api/schema'
import type { Page, Queue } from '@/api/types'

type Schemas = components['schemas']
export type Job = Schemas['JobOut']
export type AuditEntry = Schemas['AuditEntry']
export type SignIns = Schemas['SignIns']
export type Scheme = Schemas['SchemeOut']
export type Parameter = Schemas['ParameterOut']
export type QueueRemoved = Schemas['QueueRemoved']

export interface UserRow {
  id: string
  revision: number
  name: string
  login?: string | null
  state?: string
  department?: string | null
  roles?: string[]
  labels?: Record<string, string>
}

export interface DepartmentRow {
  id: string
  code: string
  name: string
  kind: string
  parent?: string | null
  state?: string
  members?: number
}

export interface RightRow {
  id?: string
  type: string
  actions: string[]
  scope: string
  part: string
}

export interface FieldRightRow {
  id?: string
  type: string
  field: string
  level: string
}

export interface RoleRow {
  id: string
  revision: number
  code: string
  name: string
  admin: boolean
  second_factor?: boolean
  built_in?: boolean
  users?: number
  state?: string
  rights: RightRow[]
  field_rights: FieldRightRow[]
}

export interface TypeRow {
  key: string
  label: { zh: string; en: string }
  fields: Record<string, { label?: { zh: string; en: string } }>
}

/** All records of a small type: pages of a hundred, at most ten. */
async function all<T>(path: string, query: Record<string, QueryValue> = {}): Promise<T[]> {
  const rows: T[] = []
  let after: string | null = null
  for (let page = 0; page < 10; page += 1) {
    const found: Page<T> = await get<Page<T>>(path, { query: { ...query, limit: 100, after } })
    rows.push(...found.items)
    after = found.next
    if (!after) break
  }
  return rows
}

export const listUsers = (name: string, after: string | null) =>
  get<Page<UserRow>>('/api/records/user', { query: { name__contains: name, limit: 50, after } })
export const showUser = (id: string) => get<UserRow>(`/api/records/user/${id}`)
export const changeUser = (user: UserRow, fields: Partial<UserRow>) =>
  patch<UserRow>(`/api/records/user/${user.id}`, { body: fields, revision: user.revision })
export const createUser = (fields: Schemas['NewUser']) => post<{ id: string }>('/api/users', { body: fields })
export const setPassword = (id: string, password: string) => post<undefined>(`/api/users/${id}/password`, { body: { password } })
export const showSignIns = (id: string) => get<SignIns>(`/api/users/${id}/sign-ins`)
export const endSignIns = (id: string) => remove<undefined>(`/api/users/${id}/sign-ins`)
export const resetFactor = (id: string) => remove<undefined>(`/api/users/${id}/otp`)

export const listDepartments = () => all<DepartmentRow>('/api/records/department')
export const createDepartment = (fields: Partial<DepartmentRow>, key: string) => post<DepartmentRow>('/api/records/department', { body: fields, key })

export const listRoles = () => all<RoleRow>('/api/records/role')
export const showRole = (id: string) => get<RoleRow>(`/api/records/role/${id}`)
export const createRole = (fields: Partial<RoleRow>, key: string) => post<RoleRow>('/api/records/role', { body: fields, key })
export const changeRole = (id: string, revision: number, fields: Partial<RoleRow>) =>
  patch<RoleRow>(`/api/records/role/${id}`, { body: fields, revision })
export const listTypes = async () => (await get<{ items: TypeRow[] }>('/api/record-types')).items
export const showType = (key: string) => get<TypeRow>(`/api/record-types/${key}`)

export const listQueues = async () => (await get<{ items: Queue[] }>('/api/queues')).items
export const createQueue = (fields: Schemas['NewQueue'], key: string) => post<Queue>('/api/queues', { body: fields, key })
export const changeQueue = (id: string, fields: Schemas['QueueChange']) => patch<Queue>(`/api/queues/${id}`, { body: fields })
export const removeQueue = (id: string, to: string) => remove<QueueRemoved>(`/api/queues/${id}`, { query: { to } })

export const listJobs = (query: Record<string, QueryValue>) => get<Page<Job>>('/api/jobs', { query })
export const retryJob = (id: string) => post<Job>(`/api/jobs/${id}/retry`)
export const cancelJob = (id: string) => post<Job>(`/api/jobs/${id}/cancel`)

export interface AuditPage extends Page<AuditEntry> {
  names: Record<string, string>
}
export const listAudit = (query: Record<string, QueryValue>) => get<AuditPage>('/api/audit', { query })

export const listSchemes = async () => (await get<{ items: Scheme[] }>('/api/home-schemes')).items
export const createScheme = (fields: Schemas['NewScheme'], key: string) => post<Scheme>('/api/home-schemes', { body: fields, key })
export const changeScheme = (scheme: Scheme, fields: Schemas['SchemeChange']) =>
  patch<Scheme>(`/api/home-schemes/${scheme.id}`, { body: fields, revision: scheme.revision })
export const removeScheme = (id: string) => remove<undefined>(`/api/home-schemes/${id}`)

export const listParameters = async () => (await get<{ items: Parameter[] }>('/api/parameters')).items
export const changeParameter = async (name: string, value: boolean | number) =>
  (await patch<{ items: Parameter[] }>('/api/parameters', { body: { values: { [name]: value } } })).items

export type OutsideApp = Schemas['OutsideAppOut']
export const listApps = async () => (await get<{ items: OutsideApp[] }>('/api/outside-apps')).items
export const createApp = (fields: Schemas['OutsideApp'], key: string) => post<OutsideApp>('/api/outside-apps', { body: fields, key })
export const changeApp = (app: OutsideApp, fields: Schemas['OutsideApp']) => put<OutsideApp>(`/api/outside-apps/${app.id}`, { body: fields, revision: app.revision })
export const removeApp = (id: string) => remove<undefined>(`/api/outside-apps/${id}`)
