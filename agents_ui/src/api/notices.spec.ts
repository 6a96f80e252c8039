import { expect, it } from 'vitest'
import { placeOf, unreadOf, wordsOf, type Notice } from './notices'

const notice = (part: Partial<Notice>): Notice => ({
  id: 'n', kind: 'ordinary', cause: 'mail', title: '', text: '', about: {}, by: null, state: 'unread', at: '2026-05-01T09:00:00Z', read_at: null, ...part,
})

it('one click leads to the thing that a notice is about', () => {
  expect(placeOf(notice({ about: { conversation: 'c1', message: 'm1' } }))).toBe('/inbox/c1')
  expect(placeOf(notice({ cause: 'record', about: { type: 'contact', record: 'r1' } }))).toBe('/records/contact/r1')
  expect(placeOf(notice({ cause: 'announcement', about: { announcement: 'a1' } }))).toBe('/notices?tab=announcements')
  expect(placeOf(notice({ cause: 'callback', about: { callback: 'b1', conversation: null } }))).toBe('/callers')
  expect(placeOf(notice({ cause: 'internal', about: { internal: 'i1' } }))).toBeNull()
})

it('a cause that this console does not know has words all the same', () => {
  expect(wordsOf(notice({ cause: 'delivery.failed' }))).toBe('notices.cause.delivery_failed')
  expect(wordsOf(notice({ cause: 'from.tomorrow' }))).toBe('notices.cause.other')
})

it('what is unread is the sum of its kinds', () => {
  expect(unreadOf({ ordinary: 2, warning: 1, workflow: 0 })).toBe(3)
})
