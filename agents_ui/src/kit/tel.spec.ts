import { expect, it } from 'vitest'
import { telOf } from './tel'

it('links numbers, and nothing else', () => {
  expect(telOf('phone:+86 138-0013-8000')).toBe('tel:+8613800138000')
  expect(telOf('(010) 6555 0000')).toBe('tel:01065550000')
  expect([telOf('ada@example.com'), telOf(''), telOf('12')]).toEqual([null, null, null])
})
