import { enableAutoUnmount, flushPromises, mount } from '@vue/test-utils'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { defineComponent } from 'vue'
import type { MakeDriver, SoftCall, SoftphoneDriver, SoftphoneListener } from './driver'
import { usePhone } from './usePhone'

vi.mock('@/kit/leader', () => ({ electLeader: (_: string, elected: () => void) => (elected(), { isLeader: () => true, stop: () => undefined }) }))
vi.mock('@/kit/chime', () => ({ chime: vi.fn() }))

const driver = { start: vi.fn(), renew: vi.fn(), stop: vi.fn(), answer: vi.fn(), hangUp: vi.fn(), mute: vi.fn(), hold: vi.fn(), keys: vi.fn(), sound: vi.fn() } satisfies SoftphoneDriver
let listener: SoftphoneListener
const make: MakeDriver = (heard) => {
  listener = heard
  return driver
}
const microphone = vi.fn()
const incoming = (remote: string): SoftCall => ({ direction: 'in', state: 'ringing', remote, muted: false, held: false, since: null })

enableAutoUnmount(afterEach)
beforeEach(() => {
  vi.clearAllMocks()
  localStorage.clear()
  microphone.mockResolvedValue({ getTracks: () => [] })
  Object.defineProperty(navigator, 'mediaDevices', { configurable: true, value: { getUserMedia: microphone } })
  vi.stubGlobal('fetch', async () => Response.json({ account: 'pbx', extension: '2001', kind: 'browser', sip_uri: 'sip:2001@x', password: 'p', ws_url: '/ws/sip', ice_servers: [], relay_only: false, renew_in_s: null }))
})
afterEach(() => vi.unstubAllGlobals())

function open() {
  let phone!: ReturnType<typeof usePhone>
  mount(defineComponent({ setup: () => ((phone = usePhone('u1', async () => make)), () => null) }))
  return phone
}

async function ready() {
  const phone = open()
  phone.press({ name: 'begin' })
  await vi.waitFor(() => expect(driver.start).toHaveBeenCalled())
  listener.line('ready')
  return phone
}

it('is turned on once, and is on again at the next visit', async () => {
  expect((await ready()).shown.value.line).toBe('ready')
  driver.start.mockClear()
  const again = open()
  await vi.waitFor(() => expect(driver.start).toHaveBeenCalled())
  again.press({ name: 'end' })
  driver.start.mockClear()
  open()
  await flushPromises()
  expect(driver.start).not.toHaveBeenCalled()
})

it('answers by itself what was dialled here, and nothing else', async () => {
  const phone = await ready()
  listener.changed(incoming('+8613800138000'))
  expect(driver.answer).not.toHaveBeenCalled()
  listener.changed(null)
  phone.press({ name: 'expect', to: '139 0013 9000' })
  listener.changed(incoming('+8613900139000'))
  expect(driver.answer).toHaveBeenCalledOnce()
})

it('without a microphone the line is not taken, and given up where it is lost', async () => {
  microphone.mockRejectedValueOnce(new DOMException('no', 'NotAllowedError'))
  const phone = open()
  phone.press({ name: 'begin' })
  await flushPromises()
  expect(phone.shown.value.line).toBe('no-microphone')
  expect(driver.start).not.toHaveBeenCalled()
  phone.press({ name: 'begin' })
  await vi.waitFor(() => expect(driver.start).toHaveBeenCalled())
  listener.line('ready')
  listener.line('no-microphone')
  expect(driver.stop).toHaveBeenCalled()
})

it('turned off, it says nothing more', async () => {
  const phone = await ready()
  phone.press({ name: 'end' })
  listener.line('lost')
  expect([phone.shown.value.line, driver.stop.mock.calls.length]).toEqual(['off', 1])
})
