import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { keepFresh } from './relay'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

it('renews before passwords run out, again and again, and a failure is made up for', async () => {
  const renew = vi.fn<() => Promise<number | null>>().mockResolvedValueOnce(100).mockRejectedValueOnce(new Error('away')).mockResolvedValueOnce(null)
  const end = keepFresh(100, renew)
  await vi.advanceTimersByTimeAsync(99_000)
  expect(renew).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(1000)
  expect(renew).toHaveBeenCalledTimes(1)
  await vi.advanceTimersByTimeAsync(100_000)
  expect(renew).toHaveBeenCalledTimes(2)
  await vi.advanceTimersByTimeAsync(30_000)
  expect(renew).toHaveBeenCalledTimes(3)
  await vi.advanceTimersByTimeAsync(10_000_000)
  expect(renew).toHaveBeenCalledTimes(3)
  end()
})

it('renews soon after a machine wakes that slept over its time', async () => {
  const renew = vi.fn<() => Promise<number | null>>().mockResolvedValue(4000)
  const end = keepFresh(4000, renew)
  vi.setSystemTime(Date.now() + 10_000_000)
  await vi.advanceTimersByTimeAsync(30_000)
  expect(renew).toHaveBeenCalledTimes(1)
  end()
})

it('ended, it renews nothing more', async () => {
  const renew = vi.fn<() => Promise<number | null>>().mockResolvedValue(1)
  keepFresh(1, renew)()
  await vi.advanceTimersByTimeAsync(100_000)
  expect(renew).not.toHaveBeenCalled()
})
