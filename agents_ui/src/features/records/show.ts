/** A field's value as one line of text, whatever it is: unknown kinds degrade to text and never break a page. */
import type { FieldMeta } from './meta'
import { words } from './meta'

type Values = Record<string, unknown>

const isValues = (value: unknown): value is Values => typeof value === 'object' && value !== null && !Array.isArray(value)

export function showValue(
  field: FieldMeta | undefined,
  value: unknown,
  locale: string,
  yesNo: [string, string] = ['✓', '✗'],
  labels: Record<string, string> = {},
): string {
  if (value === null || value === undefined || value === '') return ''
  if (Array.isArray(value)) {
    return value.map((one) => showValue(field, one, locale, yesNo, labels)).filter(Boolean).join(', ')
  }
  if (typeof value === 'boolean') return value ? yesNo[0] : yesNo[1]
  if (isValues(value)) return showObject(field, value, locale, labels)
  const choice = field?.choices.find((one) => one.value === value)
  if (choice) return words(choice.label, locale)
  if (field?.kind === 'datetime') return new Date(String(value)).toLocaleString(locale)
  return labels[String(value)] ?? String(value)
}

function showObject(field: FieldMeta | undefined, value: Values, locale: string, labels: Record<string, string>): string {
  if ('amount' in value) return [value.amount, value.currency].filter(Boolean).join(' ')
  if (field?.kind === 'table') {
    // The telling part of a row is what a person typed into it: a number, an address, a handle.
    const telling = field.rows.find((part) => ['phone', 'email', 'text', 'link'].includes(part.kind))
    return telling ? showValue(telling, value[telling.name], locale, undefined, labels) : ''
  }
  return Object.entries(value)
    .filter(([name, part]) => name !== 'id' && typeof part === 'string' && part)
    .map(([, part]) => part)
    .join(' ')
}

/** What a record is called: its title field, its number, or at last its id. */
export function titleOf(row: Values, title = 'name'): string {
  for (const name of [title, 'name', 'full_name', 'number', 'login', 'code']) {
    const value = row[name]
    if (typeof value === 'string' && value) return value
  }
  return String(row.id ?? '')
}
