/** What the editor of a text with fields needs to know of fields and faults. */
export interface TextField {
  path: string
  label: { zh: string; en: string }
  kind: string
  row: string[]
}

export interface TextFault {
  line: number
  column: number
  what: string
  zh: string
  en: string
}

/** How a field is written: a list of rows becomes a loop over them. */
export function tagOf(field: TextField): string {
  if (field.kind !== 'table') return `{{ ${field.path} }}`
  return `{% for row in ${field.path} %}{{ row.${field.row[0] ?? ''} }}{% if not loop.last %}, {% endif %}{% endfor %}`
}

/** Where a fault begins and ends in the text, counted in characters from its start. */
export function placeOf(text: string, fault: TextFault): [number, number] {
  const before = text.split('\n').slice(0, fault.line - 1)
  const start = before.reduce((sum, line) => sum + line.length + 1, 0) + fault.column - 1
  return [start, start + Math.max(fault.what.length, 1)]
}
