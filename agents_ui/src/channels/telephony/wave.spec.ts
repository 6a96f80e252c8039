import { describe, expect, it } from 'vitest'
import { barsOf, clockOf, keyTo, pathOf } from './wave'

describe('the picture of a recording', () => {
  it('keeps the loudest of each stretch', () => {
    expect(barsOf([0, 255, 0, 51], 2)).toEqual([1, 0.2])
    expect(barsOf([255], 100)).toEqual([1])
    expect(barsOf([], 3)).toEqual([0, 0, 0])
  })

  it('draws one stroke for each bar, also for silence', () => {
    const path = pathOf([0, 1], 40)
    expect(path.match(/M/g)).toHaveLength(2)
    expect(path).toContain('M1 19.2V20.8')
  })

  it('says times as clocks do', () => {
    expect([0, 9.9, 75, 3723].map(clockOf)).toEqual(['0:00', '0:09', '1:15', '1:02:03'])
  })

  it('follows the keys of a slider and stays within the sound', () => {
    expect(keyTo('ArrowRight', 58, 60)).toBe(60)
    expect(keyTo('ArrowLeft', 2, 60)).toBe(0)
    expect(keyTo('PageUp', 10, 60)).toBe(16)
    expect(keyTo('Home', 10, 60)).toBe(0)
    expect(keyTo('x', 10, 60)).toBeNull()
  })
})
