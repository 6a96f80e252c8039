import { expect, it } from 'vitest'
import { clock, mayBeSame } from './numbers'

it('knows a number in another spelling', () => {
  expect(mayBeSame('139 0013 9000', '+8613900139000')).toBe(true)
  expect(mayBeSame('+86 139-0013-9000', '013900139000')).toBe(true)
  expect(mayBeSame('1002', '1002')).toBe(true)
  expect(mayBeSame('1002', '13800131002')).toBe(false)
  expect(mayBeSame('', '')).toBe(false)
})

it('shows how long a call lasts', () => {
  expect([0, 65, 3609].map(clock)).toEqual(['0:00', '1:05', '1:00:09'])
})
