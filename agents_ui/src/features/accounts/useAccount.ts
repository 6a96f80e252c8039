/** One account under edit: how it is configured, what the person typed, and what of it is sent. */
import { computed, reactive, shallowRef } from 'vue'
import { newKey } from '@/api/client'
import { ApiProblem } from '@/api/problem'
import type { AccountSetup, ChannelKind } from '@/api/types'
import { feed } from '@/live'
import { faultText } from '@/words/problem'
import { changeAccount, createAccount, listChannels, listQueues, showAccount } from './api'
import { changesOf, formOf, valueAt, type Value } from './fields'

export function useAccount(id: string | null, channel: string | null) {
  const kind = shallowRef<ChannelKind | null>(null)
  const setup = shallowRef<AccountSetup | null>(null)
  const queues = shallowRef<{ id: string; name: string }[]>([])
  const values = reactive<Record<string, Value>>({})
  const beside = reactive({ id: '', queue: 'general', enabled: true })
  const problem = shallowRef<ApiProblem | null>(null)
  const busy = shallowRef(false)
  let key = newKey()

  const form = computed(() => (kind.value ? formOf(kind.value.account, kind.value.form ?? []) : []))
  const fields = computed(() => form.value.flatMap((section) => section.fields))
  const inFile = computed(() => setup.value?.source === 'file')
  const changes = computed(() => changesOf(fields.value, setup.value?.config ?? {}, values))
  const dirty = computed(() => {
    if (Object.keys(changes.value).length > 0) return true
    return setup.value ? setup.value.queue !== beside.queue || setup.value.enabled !== beside.enabled : beside.id !== ''
  })
  /** By field. What names none of them is said above the form. */
  const errors = computed<Record<string, string>>(() =>
    Object.fromEntries((problem.value?.fields ?? []).map((one) => [one.path.replace(/^config\./, ''), faultText(one)])),
  )
  const general = computed(() => {
    const known = new Set(['id', 'queue', ...fields.value.map((field) => field.name)])
    const rest = Object.entries(errors.value).filter(([path]) => !known.has(path) && !known.has(placeOf(path, known)))
    return rest.map(([, detail]) => detail).join(' ')
  })

  function take(found: AccountSetup): void {
    setup.value = found
    Object.assign(beside, { id: found.id, queue: found.queue, enabled: found.enabled })
    for (const field of fields.value) values[field.name] = field.kind === 'secret' ? null : valueAt(found.config, field.name)
  }

  async function attempt<T>(act: () => Promise<T>): Promise<T | null> {
    problem.value = null
    try {
      return await act()
    } catch (trouble) {
      if (!(trouble instanceof ApiProblem)) throw trouble
      problem.value = trouble
      return null
    }
  }

  async function load(): Promise<void> {
    await feed.settled()
    await attempt(async () => {
      const [channels, all, found] = await Promise.all([listChannels(), listQueues(), id ? showAccount(id) : null])
      queues.value = all
      kind.value = channels.find((one) => one.kind === (found?.channel ?? channel)) ?? null
      if (found) take(found)
    })
  }

  async function save(): Promise<AccountSetup | null> {
    busy.value = true
    const config = changes.value
    const saved = await attempt(() => (setup.value ? changeAccount(setup.value.id, setup.value.revision, { ...changedBeside(), config }) : create(config)))
    busy.value = false
    if (saved) take(saved)
    else key = newKey()
    return saved
  }

  function changedBeside(): { queue?: string; enabled?: boolean } {
    const before = setup.value
    return {
      ...(before?.queue === beside.queue ? {} : { queue: beside.queue }),
      ...(before?.enabled === beside.enabled ? {} : { enabled: beside.enabled }),
    }
  }

  function create(config: Record<string, unknown>): Promise<AccountSetup> {
    const given = Object.fromEntries(Object.entries(config).filter(([, value]) => value !== null))
    return createAccount({ ...beside, id: beside.id.trim(), channel: channel ?? '', config: given }, key)
  }

  return { kind, setup, queues, form, values, beside, problem, errors, general, busy, dirty, inFile, attempt, load, save, take }
}

/** The field that a path inside of it belongs to: `addresses.0` is said at `addresses`. */
export function placeOf(path: string, known: ReadonlySet<string>): string {
  for (let at = path; at; at = at.slice(0, Math.max(0, at.lastIndexOf('.')))) if (known.has(at)) return at
  return path
}
