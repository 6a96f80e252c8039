import { expect, it } from 'vitest'
import { framed } from './framed'

const app = (url: string, frame = true) => ({ id: 'a', name: 'A', url, frame, revision: 1 })

it('only pages of others, and only those that were meant for a frame', () => {
  expect(framed(app('https://maps.example/city'))).toBe(true)
  expect(framed(app('https://maps.example/city', false))).toBe(false)
  expect(framed(app(`${location.origin}/console/`))).toBe(false)
  expect(framed(app('javascript:alert(1)'))).toBe(false)
})
