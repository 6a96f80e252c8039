/** To whom a record's "New conversation" goes: its first mail, else its first phone; null where it has neither. */
import { receiver, type WriteTo } from '@/kit/writing'
import type { Row } from './meta'
import { titleOf } from './show'

/** The primary one of a list of mails or phones. */
function first(list: unknown, part: 'address' | 'number'): string {
  if (!Array.isArray(list)) return ''
  const rows = list.filter((row): row is Record<string, unknown> => typeof row === 'object' && row !== null)
  const one = rows.find((row) => row.primary === true) ?? rows[0]
  return typeof one?.[part] === 'string' ? one[part] : ''
}

export function toWriteTo(type: string, record: Row | null, title: string): WriteTo | null {
  if (!record) return null
  const address = first(record.mails, 'address') || first(record.phones, 'number')
  return address ? { to: receiver(titleOf(record, title), address), record: `${type}:${record.id}` } : null
}
