import { expect, it } from 'vitest'
import { matching, replaced, typedWord } from './words'

it('a mark begins a word only at the start or after a space', () => {
  expect(typedWord('/ho', 3, '/')).toEqual({ from: 0, to: 3, word: 'ho' })
  expect(typedWord('see http://x', 12, '/')).toBeNull()
  expect(typedWord('to @Ada', 7, '@')).toEqual({ from: 3, to: 7, word: 'ada' })
  expect(typedWord('mail a@b', 8, '@')).toBeNull()
  expect(typedWord('请 @李', 4, '@')).toEqual({ from: 2, to: 4, word: '李' })
  expect(typedWord('/ho more', 8, '/')).toBeNull()
})

it('a choice takes the place of the word', () => {
  expect(replaced('Hi /ho and', { from: 3, to: 6, word: 'ho' }, 'nine to five')).toBe('Hi nine to five and')
})

it('beginnings come before what only contains the word', () => {
  expect(matching(['shop hours', 'hours', 'other'], 'hours', (one) => [one])).toEqual(['hours', 'shop hours'])
})
