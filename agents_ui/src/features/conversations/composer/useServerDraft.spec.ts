import { flushPromises } from '@vue/test-utils'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { effectScope, ref, shallowRef, type EffectScope } from 'vue'
import type { FileRef } from '@/api/types'
import { keepDraft, readDraft, readSync, type DraftKind } from './drafts'
import { noOptions, type Options } from './options'
import { useServerDraft } from './useServerDraft'

interface Kept { reply: string; note: string; revision: number; cc?: string[]; send_at?: string | null }
const BARE = { kind: 'reply', files: [], subject: '', to: [], cc: [], bcc: [], reply_all: false, forward_of: null, forward_as: 'inline', send_at: null }
/** What the hub has, and whether it can be reached. */
let hub: Kept
let reachable: boolean
let scope: EffectScope

const network = vi.fn<typeof fetch>(async (_address, init) => {
  if (!reachable) throw new TypeError('no network')
  if (init?.method === 'DELETE') hub = { reply: '', note: '', revision: hub.revision + 1 }
  if (init?.method === 'PUT') hub = { ...hub, ...(JSON.parse(String(init.body)) as Partial<Kept>), revision: hub.revision + 1 }
  return init?.method === 'DELETE' ? new Response(null, { status: 204 }) : Response.json({ ...BARE, ...hub, files: [] })
})

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('fetch', network)
  network.mockClear()
  localStorage.clear()
  hub = { reply: '', note: '', revision: 0 }
  reachable = true
})
afterEach(() => {
  scope.stop()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

async function open() {
  scope = effectScope()
  const texts = ref<Record<DraftKind, string>>({ reply: readDraft('u1', 'c1', 'reply'), note: '' })
  const files = shallowRef<FileRef[]>([])
  const options = shallowRef<Options>(noOptions())
  const { state } = scope.run(() => useServerDraft('u1', 'c1', { texts, kind: ref<DraftKind>('reply'), files, options }))!
  await flushPromises()
  return { texts, options, state }
}
const wait = async (ms: number) => {
  await vi.advanceTimersByTimeAsync(ms)
  await flushPromises()
}

it('what the hub has newer is shown, what it has not is brought to it', async () => {
  hub = { reply: 'from elsewhere', note: '', revision: 4 }
  const { texts, state } = await open()
  expect(texts.value.reply).toBe('from elsewhere')
  texts.value.reply = 'from here'
  expect(state.value).toBe('saving')
  await wait(2000)
  expect(hub).toMatchObject({ reply: 'from here', revision: 5 })
  expect(state.value).toBe('saved')
})

it('without a network the text stays in this browser and goes to the hub when it is opened again', async () => {
  const { texts, state } = await open()
  reachable = false
  texts.value.reply = 'in a tunnel'
  await wait(2000)
  expect(state.value).toBe('here')
  expect(readSync('u1', 'c1').dirty).toBe(true)
  scope.stop()
  await flushPromises()
  reachable = true
  hub = { reply: 'older', note: '', revision: 9 }
  const again = await open()
  expect(again.texts.value.reply).toBe('in a tunnel')
  expect(hub).toMatchObject({ reply: 'in a tunnel', revision: 10 })
})

it('an emptied text leaves no draft, at once', async () => {
  const { texts } = await open()
  texts.value.reply = 'sent soon'
  await wait(2000)
  texts.value.reply = ''
  await wait(1)
  expect(hub).toMatchObject({ reply: '', revision: 2 })
  expect(readDraft('u1', 'c1', 'reply')).toBe('')
})

it('a text of a browser that knew no hub yet is taken over', async () => {
  keepDraft('u1', 'c1', 'reply', 'from before')
  await open()
  expect(hub.reply).toBe('from before')
})

it('receivers and the planned time are kept with the words, on the hub and without it', async () => {
  const { options } = await open()
  options.value = { ...noOptions(), cc: 'bo@x.example', sendAt: '2030-01-07T09:00' }
  await wait(2000)
  expect(hub).toMatchObject({ cc: ['bo@x.example'], send_at: new Date('2030-01-07T09:00').toISOString() })
  scope.stop()
  localStorage.clear()
  expect((await open()).options.value).toMatchObject({ cc: 'bo@x.example', sendAt: '2030-01-07T09:00' })
  reachable = false
  const other = await open()
  other.options.value = { ...other.options.value, cc: 'cy@x.example' }
  await wait(2000)
  scope.stop()
  expect((await open()).options.value.cc).toBe('cy@x.example')
})
