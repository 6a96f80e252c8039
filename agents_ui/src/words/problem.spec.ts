import { afterEach, beforeAll, expect, it } from 'vitest'
import { ApiProblem } from '@/api/problem'
import { faultWords, i18n } from '@/words'
import { faultAt, faultText, formText, problemText } from './problem'

const locale = i18n.global.locale
const before = locale.value
beforeAll(() => faultWords())
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

const document = { type: 'urn:mainstem:problem:invalid', title: 'Invalid input', status: 422 }

it('a fault without words keeps what the hub wrote, and a problem names the first that has some', () => {
  locale.value = 'zh-CN'
  const other = { path: 'name', code: 'newer-than-this', detail: 'the moon is wrong' }
  expect(faultText(other)).toBe('the moon is wrong')
  expect(problemText(new ApiProblem({ ...document, errors: [other] }))).toBe('部分输入有误。')
  const both = new ApiProblem({ ...document, errors: [other, { path: 'nane', code: 'filter-unknown', detail: '' }] })
  expect(problemText(both)).toBe('nane: 没有可供筛选的此字段')
  expect(formText(both)).toBe('部分输入有误。')
})

const short = { code: 'string_too_short', detail: 'String should have at least 2 characters', args: { min_length: 2 } }
const zone = { code: 'value_error', detail: 'no such time zone', args: { rule: 'time-zone' } }
const queue = { code: 'value', detail: "there is no queue 'x'", args: { rule: 'no-queue', what: 'x' } }

it.each([
  [{ code: 'missing', detail: 'Field required' }, '此项必填', 'this must be given'],
  [short, '至少 2 个字符', 'at least 2 characters'],
  [{ code: 'greater_than_equal', detail: '', args: { ge: 0 } }, '不能小于 0', '0 or more'],
  [{ code: 'literal_error', detail: '', args: { expected: 'zh, en' } }, '只能是：zh, en', 'one of: zh, en'],
  [zone, '请填写时区，例如 Asia/Shanghai', 'a time zone such as Asia/Shanghai'],
  [queue, '没有队列 x', 'there is no queue x'],
])('a fault is said by its rule, else by its code: %o', (one, zh, en) => {
  locale.value = 'zh-CN'
  expect(faultText({ path: 'f', ...one })).toBe(zh)
  locale.value = 'en'
  expect(faultText({ path: 'f', ...one })).toBe(en)
})

it('a rule without words falls back to the code, and that to what the hub wrote', () => {
  locale.value = 'zh-CN'
  expect(faultText({ path: 'f', ...short, args: { ...short.args, rule: 'newer-than-this' } })).toBe('至少 2 个字符')
  expect(faultText({ path: 'f', ...zone, args: { rule: 'newer-than-this' } })).toBe('no such time zone')
})

it('a fault stands at its field, also one of an entry in it, and at no other', () => {
  locale.value = 'zh-CN'
  const problem = new ApiProblem({ ...document, errors: [{ path: 'roles.0', ...short }, { path: 'name', ...zone }] })
  expect(faultAt(problem, 'roles')).toBe('至少 2 个字符')
  expect(faultAt(problem, 'rol')).toBe('')
  expect(faultAt(null, 'name')).toBe('')
})
