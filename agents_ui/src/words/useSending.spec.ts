import { expect, it } from 'vitest'
import { ApiProblem } from '@/api/problem'
import { useSending } from './useSending'

const problem = (status: number) => new ApiProblem({ type: 'x', title: 'x', status })

it('after a lost answer the same key goes along, after an answer another one', async () => {
  const { send, refused, busy } = useSending()
  const keys: string[] = []
  const answer = (status: number | null) =>
    send((key) => {
      keys.push(key)
      return status === null ? Promise.resolve() : Promise.reject(problem(status))
    })
  expect(await answer(0)).toBe(false)
  expect(refused.value?.status).toBe(0)
  expect(await answer(422)).toBe(false)
  expect(await answer(null)).toBe(true)
  expect(await answer(null)).toBe(true)
  expect(keys[1]).toBe(keys[0])
  expect(new Set(keys).size).toBe(3)
  expect([refused.value, busy.value]).toEqual([null, false])
})
