import { describe, expect, it } from 'vitest'
import { placeOf, tagOf } from './fieldText'

const label = { zh: '', en: '' }

describe('a text with fields', () => {
  it('writes a field, and a list as a loop', () => {
    expect(tagOf({ path: 'contact.name', label, kind: 'text', row: [] })).toBe('{{ contact.name }}')
    expect(tagOf({ path: 'contact.mails', label, kind: 'table', row: ['kind'] })).toContain('{% for row in contact.mails %}{{ row.kind }}')
  })

  it('finds the place of a fault', () => {
    const text = 'Dear\n {{recipient.nmae}}'
    const [start, end] = placeOf(text, { line: 2, column: 4, what: 'recipient.nmae', zh: '', en: '' })
    expect(text.slice(start, end)).toBe('recipient.nmae')
  })
})
