/** Which control edits which kind of value; what is not listed is shown and not edited. */
export const TEXT_KINDS: Record<string, string> = { text: 'text', phone: 'tel', email: 'email' }
/** One part of a value that has several. A number stays the text that was typed, and the hub reads it. */
export interface Part {
  name: string
  kind: 'text' | 'decimal' | 'currency'
  wide?: boolean
}

/** Values of several parts, in the order in which people write them. */
export const PARTS: Record<string, Part[]> = {
  money: [{ name: 'amount', kind: 'decimal' }, { name: 'currency', kind: 'currency' }],
  geo: [{ name: 'lat', kind: 'decimal' }, { name: 'lon', kind: 'decimal' }],
  address: [
    { name: 'country', kind: 'text' }, { name: 'province', kind: 'text' }, { name: 'city', kind: 'text' }, { name: 'district', kind: 'text' },
    { name: 'street', kind: 'text', wide: true }, { name: 'postcode', kind: 'text' },
  ],
}

const EDITED = new Set(['text', 'longtext', 'phone', 'email', 'int', 'decimal', 'bool', 'choice', 'date', 'datetime', 'link', 'table', 'money', 'address', 'geo', 'file'])

export const canEdit = (kind: string, many: boolean): boolean =>
  EDITED.has(kind) && (!many || ['choice', 'link', 'table', 'file', ...Object.keys(TEXT_KINDS)].includes(kind))
