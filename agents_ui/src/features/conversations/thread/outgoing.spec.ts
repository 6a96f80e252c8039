import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { useSession } from '@/api/session'
import { message } from '../samples'
import { useOutgoing } from './outgoing'

const draft = { kind: 'reply' as const, text: '周五可以。', attachments: [] }
const network = vi.fn<typeof fetch>()

beforeEach(() => {
  setActivePinia(createPinia())
  network.mockReset()
  vi.stubGlobal('fetch', network)
})
afterEach(() => vi.unstubAllGlobals())

function keysSent(): (string | null)[] {
  return network.mock.calls.map(([, init]) => new Headers(init?.headers).get('Idempotency-Key'))
}

it('the target is the conversation that was open when send was pressed', async () => {
  network.mockResolvedValue(Response.json(message({ direction: 'outbound' }), { status: 201 }))
  const outgoing = useOutgoing()
  const sending = outgoing.send('c1', draft)
  expect(outgoing.of('c1')).toHaveLength(1)
  expect(outgoing.of('c2')).toHaveLength(0)
  await sending
  expect(network.mock.calls[0]?.[0]).toBe('/api/conversations/c1/messages')
  expect(outgoing.of('c1')).toHaveLength(0)
})

it('a message that could not be stored stays, and is repeated under the same key', async () => {
  network.mockRejectedValueOnce(new TypeError('no network'))
  network.mockResolvedValueOnce(Response.json(message(), { status: 201 }))
  const outgoing = useOutgoing()
  expect(await outgoing.send('c1', draft)).toBeNull()
  const [one] = outgoing.of('c1')
  expect(one?.problem?.status).toBe(0)
  if (one) await outgoing.again(one)
  expect(outgoing.of('c1')).toEqual([])
  expect(keysSent()[0]).toBeTruthy()
  expect(keysSent()[0]).toBe(keysSent()[1])
})

it('what one person could not send is not there for the next one at the same screen', async () => {
  const session = useSession()
  network.mockResolvedValueOnce(Response.json({ user: { id: 'u1' }, rights: [], presence: 'available', csrf: 'x' }))
  await session.restore()
  network.mockRejectedValueOnce(new TypeError('no network'))
  const outgoing = useOutgoing()
  await outgoing.send('c1', draft)
  expect(outgoing.of('c1')).toHaveLength(1)
  network.mockResolvedValueOnce(Response.json({ user: { id: 'u2' }, rights: [], presence: 'available', csrf: 'y' }))
  await session.restore()
  expect(outgoing.of('c1')).toEqual([])
})
