import { expect, it } from 'vitest'
import { ApiProblem } from '@/api/problem'
import { useAct } from './useAct'

function withResolvers() {
  let resolve!: () => void
  const promise = new Promise<void>((done) => (resolve = done))
  return { promise, resolve }
}

const problem = (status: number) => new ApiProblem({ type: 'urn:mainstem:problem:conflict', title: 'Conflict', status })

it('what is refused is said in words until the next act, and the act that runs is alone', async () => {
  const told: string[] = []
  const { busy, refused, run } = useAct({ wordsFor: (trouble) => `no: ${trouble.status}`, tell: (words) => told.push(words) })
  expect(await run(() => Promise.reject(problem(409)))).toBe(false)
  expect([refused.value, told, busy.value]).toEqual(['no: 409', ['no: 409'], false])
  const { promise, resolve } = withResolvers()
  const first = run(() => promise)
  expect([busy.value, refused.value]).toEqual([true, ''])
  let second = 0
  expect(await run(async () => (second += 1))).toBe(false)
  resolve()
  expect([await first, second, busy.value]).toEqual([true, 0, false])
})

it('what is no problem of the hub is no refusal: it goes on to whoever reports faults', async () => {
  const { busy, refused, run } = useAct()
  await expect(run(() => Promise.reject(new TypeError('a fault of ours')))).rejects.toThrow('a fault of ours')
  expect([busy.value, refused.value]).toEqual([false, ''])
})
