import type { Party } from '@/api/types'

/** What is known of a stranger, as the first fill of a new contact. */
export interface NewContact {
  name: string
  phones: { kind: 'mobile' | 'work'; number: string; primary: boolean }[]
  mails: { kind: 'work'; address: string; primary: boolean }[]
}

/** Addresses come bare (`ada@example.com`, `+86138...`) or with their kind in front (`mail:`, `phone:`). */
export function contactOf(party: Party): NewContact {
  const address = party.address.replace(/^(mail|phone|tel|sms|raw):/, '')
  const mail = address.includes('@')
  return {
    name: party.name || (mail ? (address.split('@')[0] ?? '') : ''),
    phones: !mail && /^\+?[\d\s()-]{3,}$/.test(address) ? [{ kind: 'mobile', number: address, primary: true }] : [],
    mails: mail ? [{ kind: 'work', address, primary: true }] : [],
  }
}
