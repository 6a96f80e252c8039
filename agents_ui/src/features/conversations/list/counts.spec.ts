import { expect, it } from 'vitest'
import { conversation } from '../samples'
import { ViewCounts, type Fits } from './counts'
import { DEFAULT, fits, type View } from './view'

const EYES = { id: 'u1', queues: ['general'] }
const of = (part: Partial<View>): Fits => (row) => fits({ ...DEFAULT, ...part }, EYES, row)
const counts = () => {
  const made = new ViewCounts(new Map([['mine', of({ scope: 'mine' })], ['unassigned', of({ scope: 'unassigned' })]]))
  made.read({ mine: 2, unassigned: 5 }, 1000)
  return made
}
const me = { id: 'u1', name: 'Me' }

it('a change to a known conversation moves the numbers at once', () => {
  const some = counts()
  some.saw(conversation({ revision: 3 }))
  expect(some.pushed(conversation({ revision: 4, assignee: me }))).toBe(true)
  expect(Object.fromEntries(some.numbers)).toEqual({ mine: 3, unassigned: 4 })
  expect(some.pushed(conversation({ revision: 4, assignee: me }))).toBe(true)
  expect(some.numbers.get('mine')).toBe(3)
})

it('a new conversation counts, one never seen before asks for a fresh count', () => {
  const some = counts()
  expect(some.pushed(conversation({ id: 'new', revision: 1 }))).toBe(true)
  expect(some.numbers.get('unassigned')).toBe(6)
  expect(some.pushed(conversation({ id: 'old', revision: 7 }))).toBe(false)
  expect(some.numbers.get('unassigned')).toBe(6)
  expect(some.pushed(conversation({ id: 'old', revision: 8, assignee: me }))).toBe(true)
})

it('what leaves sight leaves the numbers', () => {
  const some = counts()
  some.saw(conversation())
  expect(some.left('c1')).toBe(true)
  expect(some.numbers.get('unassigned')).toBe(4)
  expect(some.left('never')).toBe(false)
})

it('a number at the cap is not moved, and an unknown one stays unknown', () => {
  const some = counts()
  some.read({ mine: null, unassigned: 1000 }, 1000)
  expect(some.pushed(conversation({ revision: 1 }))).toBe(false)
  expect(Object.fromEntries(some.numbers)).toEqual({ mine: null, unassigned: 1000 })
})
