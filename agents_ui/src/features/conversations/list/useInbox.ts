/** The list of one view: pages from the hub, rows pushed by the feed, and an order that waits for the person's hand. */
import { computed, onScopeDispose, shallowRef, triggerRef, watch, type Ref } from 'vue'
import { ApiProblem } from '@/api/problem'
import { useSession } from '@/api/session'
import type { Conversation } from '@/api/types'
import { feed, useLive, useReload } from '@/live'
import { isGone } from '@/live/events'
import { useAgainOnceLive } from '@/live/useAgainOnceLive'
import { listConversations } from '../api'
import { Rows } from './rows'
import { askFor, fits, orderOf, type Eyes, type View } from './view'

const PAGE = 60

export interface Row {
  conversation: Conversation
  /** It no longer belongs here and goes when the order is made anew. */
  leaving: boolean
}

/** `seen` hears of every row that the hub sent. */
export function useInbox(view: Ref<View>, seen: (rows: Conversation[]) => void = () => undefined) {
  const { user } = useSession()
  const eyes = (): Eyes => user.value ?? { id: '', queues: [] }
  const rows = shallowRef(fresh())
  const next = shallowRef<string | null>(null)
  const loading = shallowRef(false)
  const problem = shallowRef<ApiProblem | null>(null)
  const held = shallowRef(false)
  let request: AbortController | null = null
  let due = false
  /** Rows whose first page is on its way: events that come meanwhile are theirs too. */
  let coming: Rows | null = null

  function fresh(): Rows {
    const wanted = view.value
    return new Rows({ fits: (row) => fits(wanted, eyes(), row), compare: orderOf(wanted), searching: wanted.q !== '' })
  }

  /** One page; a newer call ends an older one. The rows on screen stay until the first page of the new view is here. */
  async function read(into: Rows, after: string | null): Promise<void> {
    request?.abort()
    const mine = new AbortController()
    request = mine
    coming = into === rows.value ? null : into
    loading.value = true
    problem.value = null
    try {
      const page = await listConversations({ ...askFor(view.value), limit: PAGE, after }, mine.signal)
      into.fetched(page.items, page.next === null)
      seen(page.items)
      next.value = page.next
      rows.value = into
      triggerRef(rows)
    } catch (trouble) {
      if (trouble instanceof DOMException && trouble.name === 'AbortError') return
      if (!(trouble instanceof ApiProblem)) throw trouble
      problem.value = trouble
    } finally {
      if (request === mine) {
        loading.value = false
        coming = null
      }
    }
  }

  async function load(): Promise<void> {
    await feed.settled()
    await read(fresh(), null)
  }

  async function more(): Promise<void> {
    if (!loading.value && next.value) await read(rows.value, next.value)
  }

  /** After a burst the order is made once, and not while a hand is on the list. */
  function touched(): void {
    if (due) return
    due = true
    queueMicrotask(() => {
      due = false
      if (!held.value) rows.value.settle()
      triggerRef(rows)
    })
  }

  function hold(on: boolean): void {
    held.value = on
    if (!on) release()
  }

  function release(): void {
    rows.value.settle()
    triggerRef(rows)
  }

  function accept(row: Conversation): void {
    rows.value.pushed(row)
    coming?.pushed(row)
    touched()
  }

  useLive('message.appended', (data) => accept(data.conversation))
  useLive('conversation.changed', (data) => {
    if (!isGone(data)) return accept(data.conversation)
    rows.value.left(data.id)
    coming?.left(data.id)
    touched()
  })
  useReload(async () => {
    await read(fresh(), null)
    if (problem.value) throw problem.value
  })
  useAgainOnceLive(problem, load)
  watch(view, () => void load())
  onScopeDispose(() => request?.abort())

  const shown = computed<Row[]>(() =>
    rows.value.order.flatMap((id) => {
      const conversation = rows.value.known.get(id)
      return conversation ? [{ conversation, leaving: rows.value.leaving(id) }] : []
    }),
  )
  const waiting = computed(() => (held.value ? rows.value.waiting.size : 0))
  const unjudged = computed(() => rows.value.unjudged.size)

  return { shown, waiting, unjudged, next, loading, problem, load, more, hold, release }
}
