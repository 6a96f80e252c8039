/** A list of records of one type: pages from the hub, read anew when one of the type changes. */
import { onScopeDispose, shallowRef } from 'vue'
import type { QueryValue } from '@/api/client'
import { ApiProblem } from '@/api/problem'
import { feed, useLive, useReload } from '@/live'
import { listRecords } from './api'
import type { Row } from './meta'

const PAGE = 50
/** Changes come in bursts (an import); the list is read once after each (milliseconds). */
const PAUSE = 400

export function useRecords(type: string, filter: () => Record<string, QueryValue>) {
  const rows = shallowRef<Row[]>([])
  const next = shallowRef<string | null>(null)
  const loading = shallowRef(false)
  const problem = shallowRef<ApiProblem | null>(null)
  let turn = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  /** `after` null begins anew; an answer that was overtaken by a newer question is dropped. */
  async function read(after: string | null, limit = PAGE): Promise<void> {
    turn += 1
    const mine = turn
    loading.value = true
    problem.value = null
    try {
      const page = await listRecords(type, { ...filter(), limit, after })
      if (mine !== turn) return
      rows.value = after === null ? page.items : [...rows.value, ...page.items]
      next.value = page.next
    } catch (trouble) {
      if (!(trouble instanceof ApiProblem)) throw trouble
      if (mine === turn) problem.value = trouble
    } finally {
      if (mine === turn) loading.value = false
    }
  }

  const load = async () => {
    await feed.settled()
    await read(null)
  }
  const more = () => read(next.value)
  /** What is on screen already, as far as one page goes; further pages are asked for again by the person. */
  const again = () => read(null, Math.min(100, Math.max(PAGE, rows.value.length)))

  useLive('record.changed', (data) => {
    if (data.type !== type) return
    clearTimeout(timer)
    timer = setTimeout(() => void again(), PAUSE)
  })
  useReload(again)
  onScopeDispose(() => clearTimeout(timer))

  return { rows, next, loading, problem, load, more }
}
