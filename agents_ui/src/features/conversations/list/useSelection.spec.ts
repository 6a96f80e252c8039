import { expect, it } from 'vitest'
import { ref } from 'vue'
import { useSelection } from './useSelection'

const order = ref(['a', 'b', 'c', 'd', 'e'])

it('a range goes from the last one chosen, in either direction, and unchooses as well', () => {
  const { chosen, toggle, none } = useSelection(order)
  toggle('d')
  toggle('b', true)
  expect([...chosen.value].sort()).toEqual(['b', 'c', 'd'])
  toggle('d', true)
  expect([...chosen.value]).toEqual([])
  toggle('a')
  toggle('gone', true)
  expect([...chosen.value].sort()).toEqual(['a', 'gone'])
  none()
  expect(chosen.value.size).toBe(0)
})

it('all means all that are shown', () => {
  const { whole, all, toggle } = useSelection(order)
  all()
  expect(whole.value).toBe(true)
  toggle('c')
  expect(whole.value).toBe(false)
})
