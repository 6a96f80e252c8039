/** A channel's account as fields of a form, read from its JSON Schema and its layout; pure. */
export interface Words {
  en: string
  zh: string
}

export type FieldKind = 'text' | 'secret' | 'integer' | 'number' | 'switch' | 'choice' | 'list' | 'unknown'

export interface FormField {
  /** The place in the configuration; `outer.inner` for a field of a nested model. */
  name: string
  label: Words
  kind: FieldKind
  required: boolean
  /** What holds where nothing is given; shown, not sent. */
  otherwise: string
  choices: string[]
  /** A secret of several lines, such as a key file. */
  lines?: boolean
  min?: number
  max?: number
}

export interface FormSection {
  label: Words
  fine: boolean
  fields: FormField[]
}

export interface Layout {
  label: Words
  fine: boolean
  fields: { name: string; label: Words }[]
}

interface Schema {
  type?: string
  format?: string
  enum?: unknown[]
  const?: unknown
  anyOf?: Schema[]
  $ref?: string
  items?: Schema
  properties?: Record<string, Schema>
  required?: string[]
  default?: unknown
  title?: string
  writeOnly?: boolean
  lines?: boolean
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
  $defs?: Record<string, Schema>
}

const REST: Words = { en: 'More', zh: '更多' }

/** The one schema behind a reference or an "or nothing". */
function plain(schema: Schema, root: Schema): Schema {
  if (schema.$ref) return plain({ ...root.$defs?.[schema.$ref.split('/').at(-1) ?? ''], default: schema.default }, root)
  const real = (schema.anyOf ?? []).filter((one) => one.type !== 'null')
  const [only] = real
  return real.length === 1 && only ? plain({ ...only, default: schema.default, lines: schema.lines === true, ...(schema.title ? { title: schema.title } : {}) }, root) : schema
}

function kindOf(schema: Schema): FieldKind {
  if (schema.writeOnly || schema.format === 'password') return 'secret'
  if (schema.enum ?? schema.const) return 'choice'
  if (schema.anyOf) return schema.anyOf.every((one) => one.type === 'string' || one.type === 'null' || one.format || one.enum || one.const) ? 'text' : 'unknown'
  if (schema.type === 'array') return schema.items?.type === 'string' || !schema.items?.type ? 'list' : 'unknown'
  const kinds: Record<string, FieldKind> = { string: 'text', integer: 'integer', number: 'number', boolean: 'switch' }
  return kinds[schema.type ?? ''] ?? 'unknown'
}

const shown = (value: unknown): string => (Array.isArray(value) ? value.join(', ') : value === null || value === undefined ? '' : String(value))

function fieldOf(name: string, given: Schema, required: boolean, root: Schema): FormField {
  const schema = plain(given, root)
  const title = schema.title ?? name
  const field: FormField = {
    name,
    label: { en: title, zh: title },
    kind: kindOf(schema),
    required,
    otherwise: shown(schema.default),
    choices: (schema.enum ?? (schema.const !== undefined ? [schema.const] : [])).map(String),
  }
  if (schema.lines) field.lines = true
  if (schema.minimum !== undefined) field.min = schema.minimum
  if (schema.maximum !== undefined) field.max = schema.maximum
  return field
}

function fieldsOf(schema: Schema, root: Schema, prefix = '', asked = true): FormField[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, given]) => {
    const inner = plain(given, root)
    const required = asked && (schema.required ?? []).includes(name)
    if (inner.properties) return fieldsOf(inner, root, `${prefix}${name}.`, required)
    return [fieldOf(`${prefix}${name}`, given, required, root)]
  })
}

/** The form: the sections that the channel lays out, then what it did not name. */
export function formOf(account: object, layout: readonly Layout[]): FormSection[] {
  const root = account as Schema
  const left = new Map(fieldsOf(root, root).map((field) => [field.name, field]))
  const sections: FormSection[] = layout.map((section) => ({
    label: section.label,
    fine: section.fine,
    fields: section.fields.flatMap(({ name, label }) => {
      const field = left.get(name)
      left.delete(name)
      return field ? [{ ...field, label }] : []
    }),
  }))
  if (left.size > 0) sections.push({ label: REST, fine: sections.length > 0, fields: [...left.values()] })
  return sections.filter((section) => section.fields.length > 0)
}

export type Value = string | number | boolean | string[] | null

/** What stands in the configuration at a place. */
export function valueAt(config: object, name: string): Value {
  let here: unknown = config
  for (const part of name.split('.')) here = here !== null && typeof here === 'object' ? (here as Record<string, unknown>)[part] : undefined
  if (Array.isArray(here)) return here.map(String)
  return typeof here === 'string' || typeof here === 'number' || typeof here === 'boolean' ? here : null
}

const same = (one: Value, other: Value) => JSON.stringify(one) === JSON.stringify(other)

/** Only what was touched. Empty takes a field away; a nested model travels whole, because the hub replaces it whole. */
export function changesOf(fields: readonly FormField[], before: object, now: Readonly<Record<string, Value>>): Record<string, unknown> {
  const touched = fields.filter((field) => field.kind !== 'unknown' && !same(now[field.name] ?? null, valueAt(before, field.name)))
  const config: Record<string, unknown> = {}
  for (const { name } of touched) {
    const [outer, inner] = name.split('.', 2)
    if (!outer) continue
    if (!inner) config[outer] = now[name] ?? null
    else config[outer] = nested(fields, outer, now)
  }
  return config
}

function nested(fields: readonly FormField[], outer: string, now: Readonly<Record<string, Value>>): Record<string, Value> | null {
  const inside = fields.filter((field) => field.name.startsWith(`${outer}.`))
  const given = inside.flatMap((field) => {
    const value = now[field.name] ?? null
    return value === null ? [] : [[field.name.slice(outer.length + 1), value] as const]
  })
  return given.length > 0 ? Object.fromEntries(given) : null
}
