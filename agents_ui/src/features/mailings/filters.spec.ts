import { describe, expect, it } from 'vitest'
import { fieldsOf, filtersOf, inputOf, readAddresses, rowsOf } from './filters'

describe('filters', () => {
  it('reads what it writes', () => {
    const filters = { name__contains: 'Ltd', state: 'active', mails__exists: 'true' }
    expect(filtersOf(rowsOf(filters))).toEqual(filters)
  })

  it('leaves out rows that are not finished', () => {
    expect(filtersOf([{ field: '', operator: 'eq', value: 'x' }, { field: 'name', operator: 'contains', value: ' ' }, { field: 'name', operator: 'eq', value: ' Ltd ' }])).toEqual({ name: 'Ltd' })
  })

  it('offers the fields and operators that the hub takes', () => {
    const fields = fieldsOf({
      fields: {
        name: { kind: 'text', label: { zh: '姓名', en: 'Name' }, filterable: true, operators: ['eq', 'contains', 'exists', 'sounds_like'] },
        state: { kind: 'choice', filterable: true, operators: ['eq', 'in'], options: [{ value: 'active', label: { zh: '有效', en: 'Active' } }] },
        remark: { kind: 'longtext', filterable: false, operators: ['exists'] },
      },
    })
    expect(fields.map((one) => one.name)).toEqual(['name', 'state'])
    expect(fields[0]?.operators).toEqual(['eq', 'contains', 'exists'])
    expect(fields[1]?.label.en).toBe('state')
    expect([inputOf(fields[0], 'eq'), inputOf(fields[0], 'exists'), inputOf(fields[1], 'eq'), inputOf(undefined, 'eq')]).toEqual(['text', 'yesno', 'choice', 'text'])
    expect(fieldsOf({})).toEqual([])
  })

  it('reads addresses one per line or with commas', () => {
    expect(readAddresses('a@x.org\n Eve <e@x.org>, \n')).toEqual(['a@x.org', 'Eve <e@x.org>'])
  })
})
