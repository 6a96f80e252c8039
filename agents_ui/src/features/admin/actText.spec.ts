import { afterEach, beforeEach, expect, it } from 'vitest'
import { i18n, wordsOf } from '@/words'
import { actText } from './actText'

const before = i18n.global.locale.value
beforeEach(() => wordsOf('admin'))
afterEach(() => (i18n.global.locale.value = before))

it('an act is said in the language of the reader', () => {
  i18n.global.locale.value = 'zh-CN'
  expect(actText('signed-in')).toBe('用户：登录')
  expect(actText('call-list.taken')).toBe('外呼名单：领取')
  i18n.global.locale.value = 'en'
  expect(actText('call.taken-over')).toBe('Call: taken over by a supervisor')
})

it('an act of a newer hub keeps its name', () => {
  expect(actText('moon.landed')).toBe('moon.landed')
})
