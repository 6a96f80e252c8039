/** The messages of one conversation: pages upwards from the newest, and what the feed brings. */
import { onScopeDispose, shallowRef } from 'vue'
import { ApiProblem } from '@/api/problem'
import type { Message, Page } from '@/api/types'
import { feed, useLive, useReload } from '@/live'
import { useAgainOnceLive } from '@/live/useAgainOnceLive'
import { listMessages, showMessage } from '../api'
import { useReread } from '../useReread'
import { merge } from './merge'
import { useOutgoing } from './outgoing'

const PAGE = 40
/** The most pages that are read again at once; what is older is asked for by hand. */
const MOST_PAGES = 10

export function useThread(conversation: string) {
  const outgoing = useOutgoing()
  const messages = shallowRef<Message[]>([])
  const older = shallowRef<string | null>(null)
  const loading = shallowRef(false)
  const problem = shallowRef<ApiProblem | null>(null)
  let alive = true
  /** Counts the readings from the newest on: the answer of one that was overtaken is dropped. */
  let turn = 0
  /** What came while such a reading is under way, and may be missing in its answer. */
  let since: Message[] | null = null

  /** Stored messages replace the rows that stood for them on their way. */
  function take(incoming: readonly Message[]): void {
    messages.value = merge(conversation, messages.value, incoming)
    since?.push(...incoming)
    settle(incoming)
  }

  function settle(stored: readonly Message[]): void {
    for (const message of stored) {
      if (message.client_id) outgoing.drop(message.client_id)
    }
  }

  /** One reading, unless a later one from the newest on overtakes it: then its answer is nobody's any more. */
  async function reading<T>(mine: number, ask: () => Promise<T>, use: (found: T) => void): Promise<void> {
    loading.value = true
    problem.value = null
    try {
      const found = await ask()
      if (mine === turn && alive) use(found)
    } catch (trouble) {
      if (!(trouble instanceof ApiProblem)) throw trouble
      if (mine === turn) problem.value = trouble
    } finally {
      if (mine === turn) loading.value = false
    }
  }

  /** From the newest upwards without a hole, as far back as the thread is shown. */
  async function pages(): Promise<Page<Message>> {
    const first = messages.value[0]?.seq ?? Infinity
    let found = await listMessages(conversation, null, PAGE)
    for (let read = 1; read < MOST_PAGES && found.next && (found.items[0]?.seq ?? 0) > first; read += 1) {
      const above = await listMessages(conversation, found.next, PAGE)
      found = { items: [...above.items, ...found.items], next: above.next }
    }
    return found
  }

  /** Read anew what is shown: messages that the hub no longer has here leave, parts that were opened stay. */
  async function again(): Promise<void> {
    turn += 1
    since = []
    await reading(turn, pages, (found) => {
      const here = new Set(found.items.map((message) => message.id))
      const kept = messages.value.filter((message) => here.has(message.id))
      messages.value = merge(conversation, merge(conversation, kept, found.items), since ?? [])
      since = null
      settle(found.items)
      older.value = found.next
    })
  }

  async function load(): Promise<void> {
    await feed.settled()
    await again()
  }

  async function loadOlder(): Promise<void> {
    const before = older.value
    if (loading.value || !before) return
    await reading(turn, () => listMessages(conversation, before, PAGE), (found) => {
      take(found.items)
      older.value = found.next
    })
  }

  /** What an event left out. */
  async function complete(id: string): Promise<void> {
    const whole = await showMessage(id)
    if (alive) take([whole])
  }

  function onEvent(message: Message): void {
    const known = messages.value.some((one) => one.id === message.id)
    if (message.conversation !== conversation && !known) return
    take([message])
    if (message.clipped && message.conversation === conversation) void complete(message.id)
  }

  useLive('message.appended', (data) => onEvent(data.message))
  useLive('message.amended', (data) => onEvent(data.message))
  useReread(conversation, again)
  useReload(async () => {
    await again()
    if (problem.value) throw problem.value
  })
  useAgainOnceLive(problem, load)
  onScopeDispose(() => (alive = false))

  return { messages, older, loading, problem, load, loadOlder, complete, take }
}
