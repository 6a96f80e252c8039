import { flushPromises } from '@vue/test-utils'
import { effectScope } from 'vue'
import { expect, it } from 'vitest'
import { ApiProblem } from '@/api/problem'
import type { Page } from '@/api/types'
import type { Place } from './api'
import { useRows } from './useRows'

/** A hub that answers when it is told to. */
function open() {
  const asked: { place: Place; answer: (page: Page<string>) => void; refuse: (trouble: unknown) => void }[] = []
  const ask = (place: Place) => new Promise<Page<string>>((answer, refuse) => asked.push({ place, answer, refuse }))
  return { asked, rows: effectScope().run(() => useRows(ask))! }
}

const gone = () => new ApiProblem({ type: 'about:blank', title: 'Conflict', status: 409, code: 'conflict', detail: 'done already' })

it('an answer that comes late does not hide a newer one', async () => {
  const { asked, rows } = open()
  const [old, late] = [rows.again(), rows.again()]
  asked[1]?.answer({ items: ['new'], next: null })
  asked[0]?.answer({ items: ['old'], next: null })
  await Promise.all([old, late])
  expect(rows.items.value).toEqual(['new'])
})

it('goes on after what is shown, and is read again as far as it was shown', async () => {
  const { asked, rows } = open()
  const first = rows.again()
  asked[0]?.answer({ items: Array.from({ length: 50 }, (_, n) => `a${n}`), next: 'a49' })
  await first
  const second = rows.more()
  asked[1]?.answer({ items: Array.from({ length: 30 }, (_, n) => `b${n}`), next: null })
  await second
  void rows.again()
  expect(asked.map((one) => one.place)).toEqual([{ after: null, limit: 50 }, { after: 'a49', limit: 50 }, { after: null, limit: 80 }])
})

it('what is refused is not done, and the list is read again: somebody was faster', async () => {
  const { asked, rows } = open()
  const acting = rows.act('a', () => Promise.reject(gone()), 'done')
  expect(await rows.act('b', () => Promise.resolve(), 'done')).toBe(false)
  await flushPromises()
  asked[0]?.answer({ items: [], next: null })
  expect(await acting).toBe(false)
  expect([rows.busy.value, rows.items.value, asked.length]).toEqual(['', [], 1])
})
