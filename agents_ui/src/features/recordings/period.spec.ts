import { expect, it } from 'vitest'
import { momentsOf } from './period'

it('a period takes its last day in whole', () => {
  const { since, until } = momentsOf('2026-02-27', '2026-02-28')
  expect(new Date(since ?? '')).toEqual(new Date(2026, 1, 27))
  expect(new Date(until ?? '')).toEqual(new Date(2026, 2, 1))
  expect(momentsOf('', '')).toEqual({ since: null, until: null })
})
