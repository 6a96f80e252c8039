/** The list of the message centre: pages from the hub, read again when something of it changed anywhere. */
import { onScopeDispose, shallowRef } from 'vue'
import { ApiProblem } from '@/api/problem'
import { listNotices, type Notice, type Unread } from '@/api/notices'
import type { QueryValue } from '@/api/client'
import { feed, useLive, useReload } from '@/live'

const PAGE = 50
const PAUSE = 250

export function useNotices(filter: () => Record<string, QueryValue>) {
  const items = shallowRef<Notice[] | null>(null)
  const next = shallowRef<string | null>(null)
  const unread = shallowRef<Unread>({ ordinary: 0, warning: 0, workflow: 0 })
  const problem = shallowRef<ApiProblem | null>(null)
  let turn = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  async function read(after: string | null, limit = PAGE): Promise<void> {
    turn += 1
    const mine = turn
    try {
      const page = await listNotices({ ...filter(), limit, after })
      if (mine !== turn) return
      items.value = after === null ? page.items : [...(items.value ?? []), ...page.items]
      next.value = page.next
      unread.value = page.unread
      problem.value = null
    } catch (trouble) {
      if (!(trouble instanceof ApiProblem)) throw trouble
      if (mine === turn) problem.value = trouble
    }
  }

  const load = async () => {
    await feed.settled()
    await read(null)
  }
  const again = () => read(null, Math.min(100, Math.max(PAGE, items.value?.length ?? 0)))
  const more = () => read(next.value)

  useLive('notice.changed', (data) => {
    unread.value = { ...unread.value, ...data.unread }
    clearTimeout(timer)
    timer = setTimeout(() => void again(), PAUSE)
  })
  useReload(again)
  onScopeDispose(() => clearTimeout(timer))

  return { items, next, unread, problem, load, more, again }
}
