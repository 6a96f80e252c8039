import { enableAutoUnmount, flushPromises } from '@vue/test-utils'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Conversation, Message } from '@/api/types'
import { mountWith, quietRouter } from '@/kit/mountWith'
import { feed } from '@/live'
import { i18n, speak } from '@/words'
import ConversationPage from './ConversationPage.vue'
import { conversation, message } from './samples'

const { far } = await vi.hoisted(async () => {
  const { FarEnd } = await import('@/live/testLink')
  return { far: new FarEnd() }
})
vi.mock('@/live/socket', () => ({ openSocket: far.open }))

/** Mounting the page takes seconds on a busy machine. */
vi.setConfig({ testTimeout: 30_000 })
const until = (holds: () => void) => vi.waitFor(holds, { timeout: 10_000 })

/** What the hub has now. */
let known: Conversation | null
let stored: Message[]
/** Holds the answer to a reading of the thread back. */
let gate: Promise<void>
const network = vi.fn<typeof fetch>(async (address) => {
  const path = new URL(String(address), 'http://hub').pathname
  if (path === '/api/conversations/c1') return known ? Response.json(known) : Response.json({ type: 'x', title: 'x', status: 404 }, { status: 404 })
  if (path.endsWith('/draft')) return Response.json({ kind: 'reply', reply: '', note: '', files: [], revision: 0 })
  if (path !== '/api/conversations/c1/messages') return Response.json({ items: [], next: null })
  const answer = Response.json({ items: stored, next: null })
  await gate
  return answer
})
const reads = () => network.mock.calls.filter(([address]) => String(address).includes('/messages')).length
const one = (id: string, seq: number) => message({ id, seq, text: id })

beforeEach(async () => {
  network.mockClear()
  vi.stubGlobal('fetch', network)
  vi.stubGlobal('requestAnimationFrame', (run: () => void) => setTimeout(run, 0))
  speak('en')
  known = conversation()
  stored = [one('m1', 10), one('m2', 11)]
  gate = Promise.resolve()
  feed.start()
  far.accept(20)
})
enableAutoUnmount(afterEach)
afterEach(() => {
  feed.stop()
  vi.unstubAllGlobals()
})

async function open() {
  const page = mountWith(ConversationPage, { id: 'c1' }, [i18n, quietRouter()])
  const ids = () => page.findAll('[data-message]').map((bubble) => bubble.attributes('data-message'))
  await until(() => expect(ids()).toEqual(['m1', 'm2']))
  return { page, ids }
}

function changed(seq: number, part: Partial<Conversation>, moved: boolean) {
  known = conversation(part)
  far.say('conversation.changed', seq, { conversation: known, moved })
}

it('messages that a split took away leave the screen, and the head shows the new state', async () => {
  const { page, ids } = await open()
  stored = [one('m1', 10)]
  changed(21, { revision: 2, subject: 'Only the first' }, true)
  await until(() => expect(ids()).toEqual(['m1']))
  expect(page.text()).toContain('Only the first')
})

it('messages that a join brought stand in their order', async () => {
  const { ids } = await open()
  stored = [one('m0', 5), ...stored]
  changed(21, { revision: 2 }, true)
  await until(() => expect(ids()).toEqual(['m0', 'm1', 'm2']))
})

it('a change that moved no message is believed as it came', async () => {
  const { page } = await open()
  changed(21, { revision: 2, subject: 'New subject' }, false)
  await until(() => expect(page.text()).toContain('New subject'))
  expect(reads()).toBe(1)
})

it('a conversation that was out of sight is read again when it comes back', async () => {
  const { page, ids } = await open()
  known = null
  far.say('conversation.changed', 21, { id: 'c1', gone: true })
  await until(() => expect(page.text()).toContain('no longer visible'))
  stored = [...stored, one('m3', 22)]
  changed(30, { revision: 4 }, false)
  await until(() => expect(ids()).toEqual(['m1', 'm2', 'm3']))
})

it('a message that arrives during the reading is not lost', async () => {
  const { ids } = await open()
  const held: (() => void)[] = []
  gate = new Promise((resolve) => held.push(resolve))
  stored = [one('m2', 11)]
  changed(21, { revision: 2 }, true)
  await until(() => expect(reads()).toBe(2))
  far.say('message.appended', 22, { conversation: conversation({ revision: 3 }), message: one('m4', 22) })
  await until(() => expect(ids()).toEqual(['m1', 'm2', 'm4']))
  for (const release of held) release()
  await flushPromises()
  expect(ids()).toEqual(['m2', 'm4'])
})

it('a page on the losing side of a join goes on to the winner', async () => {
  const router = quietRouter()
  const page = mountWith(ConversationPage, { id: 'c1' }, [i18n, router])
  await until(() => expect(page.findAll('[data-message]')).toHaveLength(2))
  known = conversation({ id: 'c2' })
  far.say('conversation.changed', 21, { id: 'c1', gone: true })
  await until(() => expect(router.currentRoute.value.path).toBe('/inbox/c2'))
})
