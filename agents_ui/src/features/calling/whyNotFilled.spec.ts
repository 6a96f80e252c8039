import { afterEach, beforeAll, expect, it } from 'vitest'
import { faultWords, i18n } from '@/words'
import { whyNotFilled } from './whyNotFilled'

const before = i18n.global.locale.value
beforeAll(() => faultWords())
afterEach(() => (i18n.global.locale.value = before))

const document = { type: 'urn:mainstem:problem:invalid', title: 'Invalid input', status: 422, code: 'invalid' }
const errors = [{ path: 'nonsense', code: 'filter-unknown', detail: 'no such field' }]

it('a list that was not filled says why in the reader\'s language', () => {
  i18n.global.locale.value = 'zh-CN'
  expect(whyNotFilled({ reason: 'the list cannot be filtered', problem: { ...document, errors } })).toBe('nonsense: 没有可供筛选的此字段')
  expect(whyNotFilled({ reason: 'no right', problem: { ...document, code: 'forbidden' } })).toBe('您没有此操作的权限。')
})

it('what has no words, or was kept before there were any, is said as the hub wrote it', () => {
  i18n.global.locale.value = 'zh-CN'
  expect(whyNotFilled({ reason: 'may not sign in any more', problem: document })).toBe('may not sign in any more')
  expect(whyNotFilled({ reason: 'old', problem: null })).toBe('old')
  expect(whyNotFilled({ reason: null, problem: null })).toBe('')
})
