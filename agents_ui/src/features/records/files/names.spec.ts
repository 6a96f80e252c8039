import { expect, it } from 'vitest'
import { merged, namesOf } from './names'

it('a file is called by its name, and one of which nothing is known by a word, never by its id', () => {
  expect(namesOf(['a', 'b'], { a: { name: 'offer.pdf', type: 'application/pdf', size: 3 } }, 'gone')).toEqual({ a: 'offer.pdf', b: 'gone' })
  expect(namesOf('a', {}, 'gone')).toEqual({ a: 'gone' })
  expect(namesOf(null)).toEqual({})
})

it('what two people did to one list at once is both done', () => {
  expect(merged(['a', 'b'], ['a', 'b', 'mine'], ['a', 'b', 'theirs'])).toEqual(['a', 'b', 'theirs', 'mine'])
  expect(merged(['a', 'b'], ['b'], ['a', 'b', 'theirs'])).toEqual(['b', 'theirs'])
  expect(merged(['a', 'b'], ['a', 'b', 'mine'], ['b'])).toEqual(['b', 'mine'])
  expect(merged(null, ['same'], ['same'])).toEqual(['same'])
})
