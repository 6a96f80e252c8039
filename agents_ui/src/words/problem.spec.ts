import { afterEach, expect, it } from 'vitest'
import { ApiProblem } from '@/api/problem'
import { i18n } from '@/words'
import { faultText, problemText } from './problem'

const locale = i18n.global.locale
const before = locale.value
afterEach(() => (locale.value = before))

const args = { line: 2, column: 7, what: 'contact.nam' }
const fault = { path: 'signature.zh', code: 'template-unknown', detail: 'line 2, column 7: there is no field contact.nam', args }

it('a fault of a template is said in the language of the reader, with its place and what was meant', () => {
  locale.value = 'zh-CN'
  expect(faultText(fault)).toBe('第 2 行第 7 列：没有字段 contact.nam')
  expect(faultText({ ...fault, args: { ...args, near: 'contact.name' } })).toBe('第 2 行第 7 列：没有字段 contact.nam，是否指 contact.name？')
  locale.value = 'en'
  expect(faultText(fault)).toBe(fault.detail)
})

it('what a writer typed is shown as it is, also where it looks like words of ours', () => {
  locale.value = 'en'
  expect(faultText({ ...fault, code: 'template-syntax', args: { ...args, what: "{what} | @:fault.at %" } })).toBe('line 2, column 7: syntax: {what} | @:fault.at %')
})

it('a fault without words keeps what the hub wrote, and a problem names the first that has some', () => {
  locale.value = 'zh-CN'
  const other = { path: 'name', code: 'missing', detail: 'give a name' }
  expect(faultText(other)).toBe('give a name')
  const document = { type: 'urn:mainstem:problem:invalid', title: 'Invalid input', status: 422 }
  expect(problemText(new ApiProblem({ ...document, errors: [other] }))).toBe('部分输入有误。')
  expect(problemText(new ApiProblem({ ...document, errors: [other, { path: 'nane', code: 'filter-unknown', detail: '' }] }))).toBe('nane: 没有可供筛选的此字段')
})
