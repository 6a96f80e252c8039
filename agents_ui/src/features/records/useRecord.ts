/** One record under edit: what the hub has, what the person typed, and what lies between the two. */
import { computed, reactive, shallowRef } from 'vue'
import { newKey } from '@/api/client'
import { ApiProblem } from '@/api/problem'
import { feed, useLive, useReload } from '@/live'
import { faultText } from '@/words/problem'
import { changeRecord, createRecord, moveRecord, showRecord } from './api'
import { merged } from './files/names'
import type { Row, TypeMeta } from './meta'
import { wholeType } from './useTypes'

type Values = Record<string, unknown>

const same = (one: unknown, other: unknown) => JSON.stringify(one ?? null) === JSON.stringify(other ?? null)

export function useRecord(type: string, id: string | null) {
  const meta = shallowRef<TypeMeta | null>(null)
  const record = shallowRef<Row | null>(null)
  const values = reactive<Values>({})
  const problem = shallowRef<ApiProblem | null>(null)
  const busy = shallowRef(false)
  /** Somebody else changed the record while it was being edited here. */
  const newer = shallowRef(false)
  let key = newKey()

  /** Only what was touched is sent, so that two people who edit different fields do not undo each other. */
  const changes = computed<Values>(() => {
    const fields = Object.values(meta.value?.fields ?? {}).filter((field) => !field.readonly)
    const touched = fields.filter((field) => !same(values[field.name], record.value?.[field.name]))
    return Object.fromEntries(touched.map((field) => [field.name, values[field.name] ?? null]))
  })
  const dirty = computed(() => Object.keys(changes.value).length > 0)
  const errors = computed<Record<string, string>>(() =>
    Object.fromEntries((problem.value?.fields ?? []).map((field) => [field.path, faultText(field)])),
  )

  function fill(row: Row): void {
    record.value = row
    newer.value = false
    for (const name of Object.keys(meta.value?.fields ?? {})) values[name] = structuredClone(row[name] ?? null)
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

  async function read(): Promise<void> {
    if (!id) return
    const row = await attempt(() => showRecord(type, id))
    if (row) fill(row)
  }

  async function load(): Promise<void> {
    await feed.settled()
    meta.value = await attempt(() => wholeType(type))
    if (meta.value) await read()
  }

  /** The newer state, with what the person typed still on top of it. */
  async function take(): Promise<void> {
    const before = record.value
    const typed = { ...changes.value }
    await read()
    for (const field of Object.values(meta.value?.fields ?? {})) {
      if (field.kind !== 'file' || !field.many || !(field.name in typed)) continue
      typed[field.name] = merged(before?.[field.name], typed[field.name], record.value?.[field.name])
    }
    Object.assign(values, typed)
  }

  async function save(): Promise<Row | null> {
    busy.value = true
    const sent = changes.value
    const saved = await attempt(() =>
      id && record.value ? changeRecord(type, id, record.value.revision, sent) : createRecord(type, sent, key),
    )
    busy.value = false
    if (saved) fill(saved)
    else if (problem.value?.status === 412) newer.value = true
    else key = newKey()
    return saved
  }

  async function move(to: string): Promise<Row | null> {
    const now = record.value
    if (!id || !now) return null
    const moved = await attempt(() => moveRecord(type, id, now.revision, to))
    if (moved) fill(moved)
    else if (problem.value?.status === 412) newer.value = true
    return moved
  }

  useLive('record.changed', (data) => {
    if (data.type !== type || !('revision' in data) || data.id !== id) return
    if (data.revision <= (record.value?.revision ?? 0)) return
    if (dirty.value) newer.value = true
    else void read()
  })
  useReload(async () => {
    meta.value = await wholeType(type)
    if (dirty.value) newer.value = true
    else await read()
    if (problem.value) throw problem.value
  })

  return { meta, record, values, errors, problem, newer, dirty, busy, load, save, move, take }
}
