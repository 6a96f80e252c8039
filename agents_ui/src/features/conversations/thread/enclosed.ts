/** What came along with a mail for people to act on: an invitation, and address cards; pure. */
import type { Message } from '@/api/types'
import type { NewContact } from '../panel/contactOf'

export interface Attendee {
  name: string
  answer: string
}

export interface Invitation {
  /** `invited`, `answered` (somebody says whether he comes), `cancelled`, or `published`. */
  kind: 'invited' | 'answered' | 'cancelled' | 'published'
  summary: string
  when: string
  where: string
  organiser: string
  attendees: Attendee[]
}

const KINDS: Record<string, Invitation['kind']> = { REQUEST: 'invited', ADD: 'invited', REPLY: 'answered', COUNTER: 'answered', CANCEL: 'cancelled' }
const DAY_ALONE = /^\d{4}-\d{2}-\d{2}$/

/** A day alone is that day wherever one reads it; `new Date` would take it for midnight in London. */
const momentOf = (iso: string): Date => new Date(DAY_ALONE.test(iso) ? `${iso}T00:00:00` : iso)

/** When it is, in the reader's own time; whole days without hours. The end of whole days is the day after the last. */
export function whenOf(starts: string | undefined, ends: string | undefined, language: string): string {
  if (!starts || Number.isNaN(momentOf(starts).getTime())) return ''
  const days = DAY_ALONE.test(starts)
  const form = new Intl.DateTimeFormat(language, days ? { dateStyle: 'full' } : { dateStyle: 'full', timeStyle: 'short', hour12: false })
  const from = momentOf(starts)
  const until = ends ? momentOf(ends) : from
  if (days) until.setDate(until.getDate() - (ends ? 1 : 0))
  return Number.isNaN(until.getTime()) || until <= from ? form.format(from) : form.formatRange(from, until)
}

interface Written {
  name?: string
  address?: string
}
const personOf = (one: Written | undefined) => one?.name || one?.address || ''

export function invitationOf(message: Message, language: string): Invitation | null {
  const found = message.mail?.calendar
  if (!found || message.removed) return null
  const kind = found.status?.toUpperCase() === 'CANCELLED' ? 'cancelled' : (KINDS[found.method ?? ''] ?? 'published')
  return {
    kind,
    summary: found.summary ?? '',
    when: whenOf(found.starts, found.ends, language),
    where: found.location ?? '',
    organiser: personOf(found.organizer),
    attendees: (found.attendees ?? []).map((one) => ({ name: personOf(one), answer: one.answer ?? 'needs-action' })),
  }
}

export interface Card {
  name: string
  lines: string[]
  contact: NewContact
}

/** The address cards of a mail, each with what a new contact would begin with. */
export function cardsOf(message: Message): Card[] {
  if (message.removed) return []
  return (message.mail?.vcards ?? []).map((card) => {
    const [mails, phones] = [card.emails ?? [], card.phones ?? []]
    const name = card.name || mails[0] || phones[0] || ''
    return {
      name,
      lines: [[card.title, card.organisation].filter(Boolean).join(', '), ...mails, ...phones].filter(Boolean),
      contact: {
        name,
        phones: phones.map((number, at) => ({ kind: 'work' as const, number, primary: at === 0 })),
        mails: mails.map((address, at) => ({ kind: 'work' as const, address, primary: at === 0 })),
      },
    }
  })
}
