/** Who is signed in at this console. Below the features, because all of them ask. */
import { computed, shallowRef } from 'vue'
import { ApiProblem, get, onMustEnrol, onSignedOut, post, put, remove, useCsrf } from '@/api/client'
import type { Me, Presence, PresenceState, SignedIn, User } from '@/api/types'

const current = shallowRef<Me | null>(null)
/** How I am, as the hub holds it. */
const presence = shallowRef<string | null>(null)
/** True until the first answer about who we are is in. */
const unknown = shallowRef(true)
/** Why it is not known who we are: the hub could not be asked. */
const trouble = shallowRef<ApiProblem | null>(null)
/** True when a standing sign-in ended without the person asking for it; the sign-in page says so. */
const expired = shallowRef(false)

const forgetters = new Set<() => void>()

/** What one person read or wrote must not be there for the next one at the same screen. */
export function forgetWithPerson(forget: () => void): void {
  forgetters.add(forget)
}

function take(answer: Me | null): void {
  if (answer?.user.id !== current.value?.user.id) for (const forget of forgetters) forget()
  current.value = answer
  presence.value = answer?.presence ?? null
  useCsrf(answer?.csrf ?? null)
  unknown.value = false
}

onSignedOut(() => {
  if (current.value) expired.value = true
  take(null)
})

// A role asks for a second factor since the person signed in: the next page asks who we are, and leads to the enrolment.
onMustEnrol(() => {
  if (current.value) current.value = { ...current.value, must_enrol: true }
})

/** The person's rights as the console needs them to draw the navigation; the hub remains the judge. */
export type Right = 'supervise' | 'administer' | 'write to many'

/** Roles of marketing and of sales managers. */
const WRITES_TO_MANY = new Set(['MK', 'SM'])

function has(right: Right): boolean {
  const user = current.value?.user
  if (!user) return false
  if (right === 'administer') return user.admin
  const leads = user.admin || user.supervisor
  return right === 'supervise' ? leads : leads || user.roles.some((role) => WRITES_TO_MANY.has(role))
}

/** Whether some rows of a record type may be created, changed ... The hub judges each row. */
function may(action: string, type: string): boolean {
  if (current.value?.user.admin) return true
  return (current.value?.rights ?? []).some((right) => right.action === action && (right.type === type || right.type === '*'))
}

async function restore(): Promise<void> {
  try {
    take(await get<Me>('/api/me'))
    trouble.value = null
  } catch (error) {
    if (!(error instanceof ApiProblem)) throw error
    if (error.status === 401) take(null)
    trouble.value = error.status === 401 ? null : error
  }
}

/** Ask again who I am and what I may do. Throws where the hub does not say; an ended sign-in is an answer. */
async function refresh(): Promise<void> {
  await restore()
  if (trouble.value) throw trouble.value
}

async function signIn(login: string, password: string, otp?: string): Promise<void> {
  const answer = await post<SignedIn>('/api/session', { body: { login, password, ...(otp ? { otp } : {}) } })
  useCsrf(answer.csrf)
  await restore()
  expired.value = false
}

async function signOut(): Promise<void> {
  await remove('/api/session')
  expired.value = false
  take(null)
}

async function setPresence(state: PresenceState): Promise<void> {
  const now = await put<Presence>('/api/me/presence', { body: { state } })
  presence.value = now.state
}

/** A role asks for a second factor, and there is none: only the enrolment is open. */
const mustEnrol = computed(() => current.value?.must_enrol ?? false)
const user = computed<User | null>(() => current.value?.user ?? null)

export function useSession() {
  return { user, mustEnrol, presence, unknown, trouble, expired, has, may, restore, refresh, signIn, signOut, setPresence }
}
