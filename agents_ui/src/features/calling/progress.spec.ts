import { expect, it } from 'vitest'
import { numbersIn, progressOf } from './progress'

it('what is done, in work and waiting adds up to the whole', () => {
  const shown = progressOf({ done: 5, taken: 1, calling: 1, talked: 1, waiting: 2 })
  expect([shown.done, shown.total]).toEqual([5, 10])
  expect(shown.parts.map((part) => part.percent)).toEqual([50, 30, 20])
})

it('a list without entries has no progress, and no division by nothing', () => {
  expect(progressOf({}).parts.map((part) => part.percent)).toEqual([0, 0, 0])
})

it('numbers are taken as they are pasted', () => {
  expect(numbersIn(' 139 0013 9000\n+86 10 8888 1234，13900139001;\n')).toEqual(['139 0013 9000', '+86 10 8888 1234', '13900139001'])
})
