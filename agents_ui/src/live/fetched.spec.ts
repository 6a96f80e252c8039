import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { shallowRef } from 'vue'
import type { Mark } from '@/live/mark'

const mark = vi.hoisted(() => ({ value: null as unknown as { value: Mark } }))
vi.mock('@/live/index', () => ({ feed: { get mark() { return mark.value } } }))
const { fetched } = await import('@/live/fetched')

beforeEach(() => {
  vi.useFakeTimers()
  mark.value = shallowRef<Mark>({ kind: 'live' })
})
afterEach(() => vi.useRealTimers())

it('a part that the link broke off comes as soon as the link stands again', async () => {
  mark.value.value = { kind: 'offline' }
  const load = vi.fn(() => Promise.resolve('page')).mockRejectedValueOnce(new TypeError('failed'))
  const coming = fetched(load)
  await vi.advanceTimersByTimeAsync(0)
  mark.value.value = { kind: 'catching_up' }
  await vi.advanceTimersByTimeAsync(0)
  await expect(coming).resolves.toBe('page')
})

it('behind a cut link it is asked for without end', async () => {
  mark.value.value = { kind: 'offline' }
  let cut = true
  const coming = fetched(() => (cut ? Promise.reject(new TypeError('failed')) : Promise.resolve('page')))
  await vi.advanceTimersByTimeAsync(60_000)
  cut = false
  await vi.advanceTimersByTimeAsync(2000)
  await expect(coming).resolves.toBe('page')
})

it('over a link that stands it is given up after three tries', async () => {
  const load = vi.fn(() => Promise.reject(new TypeError('not there any more')))
  const coming = expect(fetched(load)).rejects.toThrow('not there any more')
  await vi.advanceTimersByTimeAsync(10_000)
  await coming
  expect(load).toHaveBeenCalledTimes(3)
})
