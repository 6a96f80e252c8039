/** Whom a first message goes to: what is typed, what it is completed by, and what cannot be an address. Pure. */
import { receiver } from '@/kit/writing'
import { addressesOf } from '../composer/options'
import type { ContactRow } from './api'

export interface Suggestion {
  id: string
  name: string
  /** As the channel writes to them. */
  address: string
  /** As it stands among the receivers. */
  written: string
}

const MAIL = /^(?:[^<>]*<\s*[^\s<>@]+@[^\s<>@]+\s*>|[^\s<>@]+@[^\s<>@]+)$/
const PHONE = /^\+?[\d\s().-]{3,}$/

/** Addresses that the channel cannot reach; the hub looks again, and harder. */
export function wrongOnes(text: string, channel: string): string[] {
  const fits = channel === 'email' ? MAIL : channel === 'sms' ? PHONE : /./
  return addressesOf(text).filter((one) => !fits.test(one))
}

/** The part behind the last divider, while it is being typed. */
export function partOf(text: string): string {
  return (/(?:"(?:[^"\\]|\\.)*"?|[^,;，；"])*$/.exec(text)?.[0] ?? '').trim()
}

/** The choice takes the place of what was being typed; the next one can follow. */
export function completed(text: string, written: string): string {
  const kept = text.slice(0, text.length - (/(?:"(?:[^"\\]|\\.)*"?|[^,;，；"])*$/.exec(text)?.[0].length ?? 0))
  return `${kept}${kept && !/\s$/.test(kept) ? ' ' : ''}${written}, `
}

/** The addresses of these contacts that the channel can reach. */
export function suggestions(contacts: readonly ContactRow[], channel: string): Suggestion[] {
  return contacts.flatMap((one) => {
    const mails = channel === 'email' ? (one.mails ?? []).map((mail) => mail.address) : []
    const phones = channel === 'sms' ? (one.phones ?? []).map((phone) => phone.number) : []
    return [...mails, ...phones].filter(Boolean).map((address) => ({
      id: one.id, name: one.name, address, written: receiver(one.name, address),
    }))
  })
}
