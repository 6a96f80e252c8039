import { describe, expect, it } from 'vitest'
import { conversation } from '../samples'
import { Rows } from './rows'
import { DEFAULT, askFor, filtersOf, fits, orderOf, readView, viewOf, writeView, type View } from './view'

const ME = 'u1'
const EYES = { id: ME, queues: ['general'] }
const view = (part: Partial<View> = {}): View => ({ ...DEFAULT, ...part })
const rowsOf = (wanted: View) =>
  new Rows({ fits: (row) => fits(wanted, EYES, row), compare: orderOf(wanted), searching: wanted.q !== '' })

describe('the view', () => {
  it('survives the address bar', () => {
    const wanted = view({ scope: 'mine', state: 'closed', channel: 'sms', q: '发票', waiting: true, order: 'oldest', tag: 'vip' })
    expect(readView(writeView(wanted))).toEqual(wanted)
    expect(writeView(view())).toEqual({})
  })

  it('takes no nonsense from the address bar', () => {
    expect(readView({ view: 'everything', state: ['a', 'b'], q: null })).toEqual(view())
  })

  it('survives being saved', () => {
    for (const scope of ['mine', 'unassigned', 'queues', 'mentions', 'all'] as const) {
      const wanted = view({ scope, state: 'pending', tag: 'vip', waiting: true, order: 'oldest', q: 'pump' })
      expect(viewOf(filtersOf(wanted))).toEqual(wanted)
    }
    expect(viewOf(filtersOf(view({ assignee: 'u9' })), 'v1')).toEqual(view({ assignee: 'u9', saved: 'v1' }))
    expect(filtersOf(view())).toEqual({ state: 'open,pending' })
  })

  it('asks the hub what it decides itself for pushed rows', () => {
    expect(askFor(view({ scope: 'mine' }))).toMatchObject({ state: 'open,pending', assignee: 'me' })
    expect(askFor(view({ scope: 'unassigned', state: 'any' }))).toMatchObject({ state: '', assignee: 'none' })
  })
})

describe('pushed rows', () => {
  it('a conversation that does not fit does not appear', () => {
    const rows = rowsOf(view({ scope: 'mine' }))
    rows.pushed(conversation({ assignee: { id: 'somebody', name: 'Else' } }))
    rows.pushed(conversation({ id: 'c2', assignee: { id: ME, name: 'Me' } }))
    rows.settle()
    expect(rows.order).toEqual(['c2'])
  })

  it('a conversation that stops fitting leaves', () => {
    const rows = rowsOf(view())
    rows.fetched([conversation()], true)
    rows.pushed(conversation({ state: 'closed', revision: 2 }))
    expect(rows.leaving('c1')).toBe(true)
    rows.settle()
    expect(rows.order).toEqual([])
  })

  it('the order stays as it is until it is made anew', () => {
    const rows = rowsOf(view())
    rows.fetched([conversation({ id: 'a', last_seq: 20 }), conversation({ id: 'b', last_seq: 10 })], true)
    rows.pushed(conversation({ id: 'b', last_seq: 30, revision: 2, preview: 'new' }))
    expect(rows.order).toEqual(['a', 'b'])
    expect(rows.known.get('b')?.preview).toBe('new')
    expect([...rows.waiting]).toEqual(['b'])
    rows.settle()
    expect(rows.order).toEqual(['b', 'a'])
    expect(rows.waiting.size).toBe(0)
  })

  it('an older copy never replaces a newer one', () => {
    const rows = rowsOf(view())
    rows.pushed(conversation({ revision: 5, subject: 'newer' }))
    rows.fetched([conversation({ revision: 4, subject: 'older' })], true)
    expect(rows.known.get('c1')?.subject).toBe('newer')
  })

  it('a conversation out of sight leaves', () => {
    const rows = rowsOf(view())
    rows.fetched([conversation()], true)
    rows.left('c1')
    rows.settle()
    expect(rows.order).toEqual([])
  })

  it('rows below the last fetched one wait for paging, so that no gap can hide', () => {
    const rows = rowsOf(view())
    rows.fetched([conversation({ id: 'a', last_seq: 50 }), conversation({ id: 'b', last_seq: 40 })], false)
    rows.pushed(conversation({ id: 'old', last_seq: 5, revision: 9 }))
    rows.settle()
    expect(rows.order).toEqual(['a', 'b'])
    rows.fetched([conversation({ id: 'c', last_seq: 30 }), conversation({ id: 'old', last_seq: 5, revision: 9 })], true)
    expect(rows.order).toEqual(['a', 'b', 'c', 'old'])
  })

  it('during a search a new row is offered, because only the hub can judge the words', () => {
    const rows = rowsOf(view({ q: 'invoice' }))
    rows.fetched([conversation()], true)
    rows.pushed(conversation({ id: 'new', last_seq: 11 }))
    rows.settle()
    expect(rows.order).toEqual(['c1'])
    expect([...rows.unjudged]).toEqual(['new'])
  })
})

it('the rows after any run of events equal a fresh read', () => {
  // A small deterministic generator: the same runs each time, many of them.
  let seed = 7
  const pick = (below: number) => (seed = (seed * 48271) % 2147483647) % below
  for (let run = 0; run < 200; run += 1) {
    const scope = (['mine', 'unassigned', 'queues', 'mentions', 'all'] as const)[pick(5)] ?? 'all'
    const wanted = view({ scope, order: pick(2) ? 'newest' : 'oldest' })
    const truth = new Map([1, 2, 3, 4, 5, 6].map((n) => [`c${n}`, conversation({ id: `c${n}`, last_seq: n, revision: 1 })]))
    const rows = rowsOf(wanted)
    const read = () => [...truth.values()].filter((row) => fits(wanted, EYES, row)).sort(orderOf(wanted))
    rows.fetched(read(), true)
    for (let step = 0, seq = 7; step < 30; step += 1, seq += 1) {
      const id = `c${pick(8) + 1}`
      const before = truth.get(id) ?? conversation({ id, revision: 0 })
      const after = conversation({
        ...before, revision: before.revision + 1, last_seq: pick(2) ? seq : before.last_seq,
        state: (['open', 'pending', 'closed'] as const)[pick(3)] ?? 'open',
        queue: pick(2) ? 'general' : 'sales',
        viewers: pick(3) ? [] : [ME],
        assignee: [null, { id: ME, name: 'Me' }, { id: 'u2', name: 'Other' }][pick(3)] ?? null,
      })
      truth.set(id, after)
      rows.pushed(after)
      if (pick(3) === 0) rows.pushed(before)
      if (pick(4) === 0) rows.settle()
    }
    rows.settle()
    expect(rows.order).toEqual(read().map((row) => row.id))
  }
})
