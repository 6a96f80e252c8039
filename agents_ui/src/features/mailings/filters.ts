/** The filters of a segment as rows to edit; on the wire they are those of a record list: `level`, `name__contains`. Pure. */
import type { SegmentKind } from './api'

export interface FilterRow {
  field: string
  operator: string
  value: string
}

export interface FilterField {
  name: string
  kind: string
  label: { zh: string; en: string }
  operators: string[]
  choices: { value: string; label: { zh: string; en: string } }[]
  /** The types that a link may point at, and the list of `dictionary_entry` that it is taken from. */
  links: string[]
  entries: string | null
}

export const KINDS: SegmentKind[] = ['customers', 'contacts', 'employees', 'users', 'suppliers']
/** Whose fields a segment is filtered by. */
export const TYPE_OF: Record<SegmentKind, string> = { customers: 'customer', contacts: 'contact', employees: 'user', users: 'user', suppliers: 'supplier' }

const EQUAL = 'eq'
/** Takes yes or no. */
export const EXISTS = 'exists'
const SHOWN = ['eq', 'ne', 'contains', 'startswith', 'gt', 'gte', 'lt', 'lte', 'in', 'nin', EXISTS]

export function rowsOf(filters: Record<string, string>): FilterRow[] {
  return Object.entries(filters).map(([name, value]) => {
    const [field = '', operator = EQUAL] = name.split('__')
    return { field, operator, value }
  })
}

/** Rows that are not finished are no filters yet. The same field and operator twice: the last one counts. */
export function filtersOf(rows: readonly FilterRow[]): Record<string, string> {
  const whole = rows.filter((row) => row.field && row.operator && row.value.trim() !== '')
  return Object.fromEntries(whole.map((row) => [row.operator === EQUAL ? row.field : `${row.field}__${row.operator}`, row.value.trim()]))
}

type Raw = Record<string, unknown>
const rawOf = (value: unknown): Raw => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Raw) : {})
const textsOf = (value: unknown): string[] => (Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [])
function labelOf(value: unknown, otherwise: string) {
  const { zh, en } = rawOf(value)
  return { zh: typeof zh === 'string' ? zh : otherwise, en: typeof en === 'string' ? en : otherwise }
}

/** The fields of a type that a list can be filtered by, from the type's metadata. */
export function fieldsOf(meta: Raw): FilterField[] {
  return Object.entries(rawOf(meta.fields)).map(([name, one]) => [name, rawOf(one)] as const)
    .filter(([, raw]) => raw.filterable === true)
    .map(([name, raw]) => ({
      name,
      kind: String(raw.kind ?? 'text'),
      label: labelOf(raw.label, name),
      operators: SHOWN.filter((operator) => textsOf(raw.operators).includes(operator)),
      choices: (Array.isArray(raw.options) ? raw.options : []).map(rawOf).map((choice) => ({ value: String(choice.value), label: labelOf(choice.label, String(choice.value)) })),
      links: textsOf(raw.links),
      entries: typeof raw.entries === 'string' ? raw.entries : null,
    }))
}

/** How a value is typed or chosen. */
export function inputOf(field: FilterField | undefined, operator: string): 'yesno' | 'choice' | 'link' | 'date' | 'number' | 'text' {
  if (operator === EXISTS || field?.kind === 'bool') return 'yesno'
  if (operator === 'in' || operator === 'nin') return field?.choices.length ? 'choice' : 'text'
  if (field?.choices.length) return 'choice'
  if (field?.kind === 'link' && field.links.length > 0) return 'link'
  if (field?.kind === 'date') return 'date'
  return field?.kind === 'int' || field?.kind === 'decimal' ? 'number' : 'text'
}

/** One address per line, or with commas outside of names. */
export function readAddresses(text: string): string[] {
  return text.split(/[\n,;]+/).map((part) => part.trim()).filter(Boolean)
}
