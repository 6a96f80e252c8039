/** A list of the hub by pages, and what is done to one of its rows; read again in place when something of it changed. */
import { onScopeDispose, ref, shallowRef } from 'vue'
import { ApiProblem } from '@/api/problem'
import type { Page } from '@/api/types'
import { tell } from '@/kit/notify'
import { feed, useReload } from '@/live'
import { problemText } from '@/words/problem'
import type { Place } from './api'

const PAGE = 50
const MOST = 200
const PAUSE = 250

export function useRows<T>(ask: (place: Place) => Promise<Page<T>>) {
  const items = shallowRef<T[] | null>(null)
  const next = shallowRef<string | null>(null)
  const problem = shallowRef<ApiProblem | null>(null)
  /** The row that something is being done to. */
  const busy = ref('')
  let turn = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  async function read(after: string | null, limit = PAGE): Promise<void> {
    const mine = ++turn
    try {
      const page = await ask({ after, limit })
      if (mine !== turn) return
      items.value = after === null ? page.items : [...(items.value ?? []), ...page.items]
      next.value = page.next
      problem.value = null
    } catch (trouble) {
      if (!(trouble instanceof ApiProblem)) throw trouble
      if (mine === turn) problem.value = trouble
    }
  }

  /** What is read once the feed stands misses no event. */
  async function load(): Promise<void> {
    await feed.settled()
    await read(null)
  }
  const again = () => read(null, Math.min(MOST, Math.max(PAGE, items.value?.length ?? 0)))
  const more = () => read(next.value)

  /** Several changes at once are one reading. */
  function soon() {
    clearTimeout(timer)
    timer = setTimeout(() => void again(), PAUSE)
  }

  /** Whether it was done. Read again in both cases: a refusal means that somebody was faster. */
  async function act(row: string, deed: () => Promise<unknown>, said: string): Promise<boolean> {
    if (busy.value) return false
    busy.value = row
    try {
      await deed()
      tell(said, 'success')
      return true
    } catch (trouble) {
      if (!(trouble instanceof ApiProblem)) throw trouble
      tell(problemText(trouble), 'error')
      return false
    } finally {
      busy.value = ''
      await again()
    }
  }

  useReload(again)
  onScopeDispose(() => clearTimeout(timer))
  return { items, next, problem, busy, load, again, more, soon, act }
}
