/** The hub's metadata document as this feature uses it. Whatever is missing or unknown degrades to plain text. */
import type { Choice, Condition, FieldMeta, Label, Move, TypeMeta } from './meta'

export type RawMeta = Record<string, unknown>
type Raw = Record<string, unknown>

const isRaw = (value: unknown): value is Raw => typeof value === 'object' && value !== null && !Array.isArray(value)
const rawOf = (value: unknown): Raw => (isRaw(value) ? value : {})
const listOf = (value: unknown): Raw[] => (Array.isArray(value) ? value.filter(isRaw) : [])
const textsOf = (value: unknown): string[] => (Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [])

function labelOf(value: unknown, otherwise: string): Label {
  const raw = rawOf(value)
  const en = typeof raw.en === 'string' && raw.en ? raw.en : otherwise
  return { zh: typeof raw.zh === 'string' && raw.zh ? raw.zh : en, en }
}

const choicesOf = (value: unknown): Choice[] =>
  listOf(value).map((one) => ({ value: String(one.value), label: labelOf(one.label, String(one.value)) }))

const movesOf = (value: unknown): Move[] =>
  listOf(value).map((one) => ({ from: String(one.from), to: String(one.to), approval: one.approval === true }))

function conditionOf(value: unknown): Condition | null {
  const raw = rawOf(value)
  for (const mode of ['any', 'all'] as const) {
    if (Array.isArray(raw[mode])) return { mode, tests: listOf(raw[mode]).map((test) => ({ field: String(test.field), eq: test.eq })) }
  }
  return null
}

function fieldOf(name: string, raw: Raw): FieldMeta {
  return {
    name,
    kind: String(raw.kind ?? 'text'),
    label: labelOf(raw.label, name),
    required: raw.required === true,
    readonly: raw.readonly === true,
    many: raw.many === true,
    choices: choicesOf(raw.options),
    links: textsOf(raw.links),
    entries: typeof raw.entries === 'string' ? raw.entries : null,
    visibleIf: conditionOf(raw.visible_if),
    rows: Object.entries(rawOf(raw.row)).map(([part, one]) => fieldOf(part, rawOf(one))),
  }
}

const sectionsOf = (value: unknown, all: string[]): TypeMeta['sections'] =>
  listOf(value).map((one) => ({
    label: labelOf(one.label, String(one.key)),
    fields: textsOf(one.fields).filter((name) => all.includes(name)),
  }))

export function readMeta(raw: RawMeta): TypeMeta {
  const layout = rawOf(raw.layout)
  const fields = Object.fromEntries(Object.entries(rawOf(raw.fields)).map(([name, one]) => [name, fieldOf(name, rawOf(one))]))
  const names = Object.keys(fields)
  const key = String(raw.key)
  const list = textsOf(rawOf(layout.list).columns).filter((name) => names.includes(name))
  return {
    key,
    label: labelOf(raw.label, key),
    plural: labelOf(raw.plural, key),
    title: typeof raw.title === 'string' ? raw.title : 'name',
    actions: textsOf(raw.actions),
    fields,
    sections: sectionsOf(layout.sections, names),
    list: list.length > 0 ? list : names.slice(0, 5),
    states: choicesOf(raw.states),
    moves: movesOf(raw.moves),
  }
}
