/** The messages of one conversation: pages upwards from the newest, and what the feed brings. */
import { onScopeDispose, shallowRef } from 'vue'
import { ApiProblem } from '@/api/problem'
import type { Message } from '@/api/types'
import { feed, useLive, useReload } from '@/live'
import { listMessages, showMessage } from '../api'
import { merge } from './merge'
import { useOutgoing } from './outgoing'

const PAGE = 40

export function useThread(conversation: string) {
  const outgoing = useOutgoing()
  const messages = shallowRef<Message[]>([])
  const older = shallowRef<string | null>(null)
  const loading = shallowRef(false)
  const problem = shallowRef<ApiProblem | null>(null)
  let alive = true

  /** Stored messages replace the rows that stood for them on their way. */
  function take(incoming: readonly Message[]): void {
    messages.value = merge(conversation, messages.value, incoming)
    for (const message of incoming) {
      if (message.client_id) outgoing.drop(message.client_id)
    }
  }

  async function page(before: string | null): Promise<void> {
    loading.value = true
    problem.value = null
    try {
      const found = await listMessages(conversation, before, PAGE)
      take(found.items)
      older.value = found.next
    } catch (trouble) {
      if (!(trouble instanceof ApiProblem)) throw trouble
      problem.value = trouble
    } finally {
      loading.value = false
    }
  }

  async function load(): Promise<void> {
    await feed.settled()
    await page(null)
  }

  async function loadOlder(): Promise<void> {
    if (!loading.value && older.value) await page(older.value)
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
  useReload(async () => {
    // A hole may lie between what is shown and the newest page: begin again from the newest.
    const found = await listMessages(conversation, null, PAGE)
    messages.value = merge(conversation, [], found.items)
    older.value = found.next
  })
  onScopeDispose(() => (alive = false))

  return { messages, older, loading, problem, load, loadOlder, complete, take }
}
