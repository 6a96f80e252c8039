import { expect, it } from 'vitest'
import { added, changed, moved } from './arrange'

const page = added(added(added([], 'pending'), 'queues'), 'menus', { links: ['/inbox'] })
const kinds = (blocks: typeof page) => blocks.map((block) => block.kind)

it('a block goes to the place it is put to, and nothing is lost', () => {
  expect(kinds(moved(page, 0, 2))).toEqual(['queues', 'menus', 'pending'])
  expect(kinds(moved(page, 2, 0))).toEqual(['menus', 'pending', 'queues'])
  expect(moved(page, 0, -1)).toBe(page)
  expect(moved(page, 2, 3)).toBe(page)
})

it('two blocks of one kind have ids of their own', () => {
  const ids = added(page, 'queues').map((block) => block.id)
  expect(new Set(ids).size).toBe(4)
})

it('hiding changes one block only', () => {
  const after = changed(page, 'queues-1', { hidden: true })
  expect(after.map((block) => block.hidden)).toEqual([false, true, false])
})
