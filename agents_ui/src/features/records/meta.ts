/** What the hub says of a record type: enough to draw its list and its form. */
export interface Label {
  zh: string
  en: string
}

export interface Choice {
  value: string
  label: Label
}

export interface FieldMeta {
  name: string
  /** `text longtext int decimal money date datetime bool choice phone email file address geo json link table`; others show as text. */
  kind: string
  label: Label
  required: boolean
  readonly: boolean
  many: boolean
  choices: Choice[]
  /** Keys of the types a link may point at. */
  links: string[]
  /** The list of `dictionary_entry` that a link is taken from. */
  entries: string | null
  /** The field has a meaning only while this holds. */
  visibleIf: Condition | null
  /** The fields of a child row. */
  rows: FieldMeta[]
}

export interface Condition {
  mode: 'any' | 'all'
  tests: { field: string; eq: unknown }[]
}

export interface Move {
  from: string
  to: string
  /** It runs through the type's approval flow. */
  approval: boolean
}

export interface Section {
  label: Label
  fields: string[]
}

export interface TypeMeta {
  key: string
  label: Label
  /** What heads a list of them. */
  plural: Label
  /** What this person may do with some rows of the type: `create`, `update` ... The hub judges each row. */
  actions: string[]
  /** The field that says what a record is called. */
  title: string
  fields: Record<string, FieldMeta>
  sections: Section[]
  list: string[]
  states: Choice[]
  moves: Move[]
}

/** What the hub tells of a file that a record names. */
export interface FileFacts {
  name: string
  type: string
  size: number
}

/** What a record looks like on the wire: its own fields beside these. */
export interface Row {
  id: string
  revision: number
  state?: string | null
  /** Names of what the record links to, by id. */
  labels?: Record<string, string>
  /** The files that it names, by id; absent where there are none. */
  files?: Record<string, FileFacts>
  [field: string]: unknown
}

export const words = (label: Label, locale: string): string => (locale === 'zh-CN' ? label.zh : label.en) || label.en || label.zh

/** Conditions are data and never code. */
export function holds(condition: Condition | null, values: Record<string, unknown>): boolean {
  if (!condition) return true
  const met = condition.tests.map((test) => values[test.field] === test.eq)
  return condition.mode === 'any' ? met.some(Boolean) : met.every(Boolean)
}
