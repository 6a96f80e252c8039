import { expect, it } from 'vitest'
import { inTree } from './tree'

const row = (id: string, parent: string | null) => ({ id, code: id, name: id, kind: 'department', parent })
const shape = (rows: ReturnType<typeof row>[]) => inTree(rows).map((one) => `${one.depth}${one.id}`)

it('departments stand below the one they belong to', () => {
  expect(shape([row('c', 'b'), row('b', 'a'), row('a', null), row('d', 'a')])).toEqual(['0a', '1b', '2c', '1d'])
})

it('nobody is lost: without a visible parent, or in a ring', () => {
  expect(shape([row('x', 'unseen'), row('r', 's'), row('s', 'r')])).toEqual(['0x', '0r', '1s'])
})
