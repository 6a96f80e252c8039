/** Moving, hiding and adding blocks. Pure: the page keeps what comes out. */
import type { Block, BlockKind } from './api'

/** The list with the block at `from` put to `to`; out of bounds changes nothing. */
export function moved(blocks: Block[], from: number, to: number): Block[] {
  const block = blocks[from]
  if (!block || to < 0 || to >= blocks.length || from === to) return blocks
  const rest = blocks.filter((_, at) => at !== from)
  return [...rest.slice(0, to), block, ...rest.slice(to)]
}

export const changed = (blocks: Block[], id: string, change: Partial<Block>): Block[] =>
  blocks.map((block) => (block.id === id ? { ...block, ...change } : block))

/** A fresh block with an id that is not on the page yet. */
export function added(blocks: Block[], kind: BlockKind, fields: Partial<Block> = {}): Block[] {
  const taken = new Set(blocks.map((block) => block.id))
  let number = 1
  while (taken.has(`${kind}-${number}`)) number += 1
  return [...blocks, { id: `${kind}-${number}`, kind, wide: false, hidden: false, title: '', type: null, words: '', links: [], app: null, ...fields }]
}
