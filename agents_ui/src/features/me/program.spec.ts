import { expect, it } from 'vitest'
import { programOf } from './program'

it('a program is called by its own name, not by those that it pretends to be', () => {
  expect(programOf('Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36 Edg/143.0.0.0')).toBe('Edge, Windows')
  expect(programOf('Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.1 Mobile/15E148 Safari/604.1')).toBe('Safari, iOS')
})

it('a program that nobody knows keeps what it says of itself', () => {
  expect(programOf('stock-sync 2')).toBe('stock-sync 2')
})
