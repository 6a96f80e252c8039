import { expect, it } from 'vitest'
import { message } from '../samples'
import { cardsOf, invitationOf, whenOf } from './enclosed'

const calendar = {
  method: 'REQUEST', summary: 'Site visit', location: 'Hall 3', starts: '2026-11-27T09:00:00', ends: '2026-11-27T10:30:00',
  organizer: { address: 'ada@example.com', name: 'Ada Brandt' },
  attendees: [{ address: 'support@demo.local', name: '', answer: 'needs-action' }, { address: 'li@example.com', name: 'Li Na', answer: 'accepted' }],
}

const kindOf = (more: object) => invitationOf(message({ mail: { calendar: { ...calendar, ...more } } }), 'en')?.kind

it('an invitation says what, when, where, who calls and who comes', () => {
  const found = invitationOf(message({ mail: { kind: 'calendar', calendar } }), 'en')
  expect(found).toMatchObject({ kind: 'invited', summary: 'Site visit', where: 'Hall 3', organiser: 'Ada Brandt' })
  expect(found?.when).toMatch(/Friday.*November 27.*09:00.*10:30/)
  expect(found?.attendees).toEqual([{ name: 'support@demo.local', answer: 'needs-action' }, { name: 'Li Na', answer: 'accepted' }])
})

it('an answer and a cancellation are told apart from an invitation', () => {
  expect(kindOf({ method: 'REPLY' })).toBe('answered')
  expect(kindOf({ method: 'CANCEL' })).toBe('cancelled')
  expect(kindOf({ status: 'CANCELLED' })).toBe('cancelled')
  expect(kindOf({ method: 'PUBLISH' })).toBe('published')
  expect(invitationOf(message(), 'en')).toBeNull()
})

it('whole days end on their last day, and a broken moment is left out', () => {
  expect(whenOf('2026-11-27', '2026-11-28', 'en')).toBe('Friday, November 27, 2026')
  expect(whenOf('2026-11-27', '2026-11-30', 'en')).toMatch(/27.*29/)
  expect(whenOf('2026-11-27', undefined, 'zh-CN')).toContain('2026年11月27日')
  expect(whenOf('soon', undefined, 'en')).toBe('')
  expect(whenOf('2026-11-27T09:00:00+01:00', '2026-11-27T08:00:00+01:00', 'en')).not.toBe('')
})

it('a card begins a contact with all its addresses and numbers', () => {
  const card = { name: 'Li Na', organisation: 'Lanjing', title: 'Buyer', emails: ['li@example.com', 'na@example.com'], phones: ['+86 21 5000'] }
  const [first, second] = cardsOf(message({ mail: { vcards: [card, { phones: ['123'] }] } }))
  expect(first?.lines).toEqual(['Buyer, Lanjing', 'li@example.com', 'na@example.com', '+86 21 5000'])
  expect(first?.contact.mails.map((one) => [one.address, one.primary])).toEqual([['li@example.com', true], ['na@example.com', false]])
  expect(second?.name).toBe('123')
  expect(cardsOf(message())).toEqual([])
})
