import { describe, expect, it } from 'vitest'
import { readAddresses, readFilters, writeFilters } from './segments'

describe('segments', () => {
  it('reads what it writes', () => {
    const filters = { name__contains: 'Ltd', state: 'active' }
    expect(readFilters(writeFilters(filters))).toEqual(filters)
  })

  it('leaves out what is no filter', () => {
    expect(readFilters(' ; name ; a = b=c ')).toEqual({ a: 'b=c' })
  })

  it('reads addresses one per line or with commas', () => {
    expect(readAddresses('a@x.org\n Eve <e@x.org>, \n')).toEqual(['a@x.org', 'Eve <e@x.org>'])
  })
})
