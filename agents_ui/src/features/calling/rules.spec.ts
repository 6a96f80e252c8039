import { expect, it } from 'vitest'
import { faultOf, rulesOf, rulesOut } from './rules'

const hours = { zone: 'Asia/Shanghai', days: [1, 3], from: '09:00', until: '12:00' }

it('what a list has comes back as it was', () => {
  const list = { retries: { busy: { after_min: 5, most: 2 } }, hours }
  expect(rulesOut(rulesOf(list))).toEqual(list)
  expect(rulesOut(rulesOf({ retries: {}, hours: null }))).toEqual({ retries: {}, hours: null })
})

it('a new list has the usual rules, and any hour', () => {
  expect(rulesOut(rulesOf(null))).toEqual({ hours: null })
})

it('hours need a day, and an end after their beginning', () => {
  const form = rulesOf({ retries: {}, hours })
  expect([faultOf(form), faultOf({ ...form, days: [] }), faultOf({ ...form, until: '09:00' })]).toEqual([null, 'noDay', 'order'])
  expect(faultOf({ ...form, limited: false, days: [] })).toBeNull()
  expect(rulesOut({ ...form, days: [5, 1] }).hours?.days).toEqual([1, 5])
})
