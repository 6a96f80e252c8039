import { expect, it } from 'vitest'
import { completed, partOf, suggestions, wrongOnes } from './receivers'

const ada = { id: 'c1', name: 'Brandt, Ada', mails: [{ address: 'ada@x.example' }, { address: 'a.brandt@y.example' }], phones: [{ number: '+8613800000000' }] }

it('what cannot be an address of the channel is named', () => {
  expect(wrongOnes('a@x.example, Bo <b@x.example>; bo@, nobody', 'email')).toEqual(['bo@', 'nobody'])
  expect(wrongOnes('010-8888 1234, +86 138 0000 0000, ada@x.example', 'sms')).toEqual(['ada@x.example'])
  expect(wrongOnes('anything', 'im')).toEqual([])
})

it('the part behind the last divider is what is being typed', () => {
  expect(partOf('a@x.example, Ad')).toBe('Ad')
  expect(partOf('"Brandt, Ad')).toBe('"Brandt, Ad')
  expect(partOf('a@x.example; ')).toBe('')
})

it('a choice takes its place and lets the next one follow', () => {
  expect(completed('Ad', 'Ada <ada@x.example>')).toBe('Ada <ada@x.example>, ')
  expect(completed('a@x.example,Bo', 'Bo <b@x.example>')).toBe('a@x.example, Bo <b@x.example>, ')
})

it('contacts are offered by the addresses that the channel reaches', () => {
  expect(suggestions([ada], 'email').map((one) => one.written)).toEqual(['"Brandt, Ada" <ada@x.example>', '"Brandt, Ada" <a.brandt@y.example>'])
  expect(suggestions([ada], 'sms').map((one) => one.written)).toEqual(['+8613800000000'])
  expect(suggestions([ada], 'im')).toEqual([])
})
