import { expect, it } from 'vitest'
import { useAsks } from './useAsks'

const ask = (rule: string) => ({ rule, name: rule, revision: 2, candidates: [{ id: 'u', name: 'Sue' }] })

it('questions come one after the other, and what follows the save waits for the last', async () => {
  const { ask: asked, heard, answered } = useAsks()
  let done = false
  const all = heard({ id: 'r', revision: 2, asks: [ask('one'), ask('two')] }).then(() => (done = true))
  expect(asked.value?.rule).toBe('one')
  answered()
  expect(asked.value?.rule).toBe('two')
  await Promise.resolve()
  expect(done).toBe(false)
  answered()
  await all
  expect(asked.value).toBeNull()
})

it('a save that asks nothing goes on at once', async () => {
  const { ask: asked, heard } = useAsks()
  await heard({ id: 'r', revision: 2 })
  await heard({ id: 'r', revision: 2, asks: [] })
  expect(asked.value).toBeNull()
})
