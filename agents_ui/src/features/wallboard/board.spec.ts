import { describe, expect, it } from 'vitest'
import type { BoardAgent, BoardCall, Figures, QueueBoard } from './api'
import { addUp, agentsInOrder, applyDiff, inOrder, together } from './board'
import sample from './sample.json'

const NOTHING: Figures = addUp([])
const call = (id: string, state: BoardCall['state'], joined: string): BoardCall => ({
  id, state, message: null, conversation: null, number: '+8613800138000', since: joined, joined_at: joined, agent: null, agent_name: '',
})
const agent = (id: string, state: BoardAgent['state']): BoardAgent => ({ id, name: id, state, reason: null, since: null })
const queue = (id: string, more: Partial<QueueBoard> = {}): QueueBoard => ({
  queue: id, name: id, name_zh: '', target: { answer_s: 20, percent: 80, short_s: 5 }, calls: {}, agents: {}, today: NOTHING, hours: [], revision: 4, ...more,
})

describe('a diff', () => {
  const known = queue('support', { calls: { a: call('a', 'waiting', '2026-01-01T00:00:00Z') }, agents: { u: agent('u', 'available') } })

  it('sets, takes out, and leaves the rest', () => {
    const after = applyDiff(known, { queue: 'support', revision: 5, before: 4, calls: { b: call('b', 'ringing', '2026-01-01T00:00:05Z') }, calls_gone: ['a'], agents: {}, agents_gone: [] })
    expect(Object.keys(after?.calls ?? {})).toEqual(['b'])
    expect(after).toMatchObject({ revision: 5, name: 'support', agents: { u: { state: 'available' } } })
    expect(known.calls.a).toBeDefined()
  })

  it('that was seen already changes nothing, and one after a gap asks for a fresh read', () => {
    expect(applyDiff(known, { queue: 'support', revision: 4, before: 3, calls_gone: ['a'] })).toBe(known)
    expect(applyDiff(known, { queue: 'support', revision: 6, before: 5, calls_gone: ['a'] })).toBeNull()
  })
})

describe('the queues together', () => {
  it('count a person in two queues once, and name the longest wait', () => {
    const all = together([
      queue('one', { calls: { a: call('a', 'waiting', '2026-01-01T00:00:09Z'), b: call('b', 'talking', '2026-01-01T00:00:00Z') }, agents: { u: agent('u', 'on_call'), v: agent('v', 'paused') } }),
      queue('two', { calls: { c: call('c', 'ringing', '2026-01-01T00:00:04Z') }, agents: { u: agent('u', 'on_call') } }),
    ])
    expect(all).toMatchObject({ waiting: 2, ringing: 1, talking: 1, longest_since: '2026-01-01T00:00:04Z', agents: { on_call: 1, paused: 1 } })
  })

  it('have the figures that the hub works out', () => {
    const whole = addUp(sample.parts)
    for (const [name, expected] of Object.entries(sample.whole)) {
      if (expected === null) expect(whole[name as keyof Figures], name).toBeNull()
      else expect(Math.abs((whole[name as keyof Figures] ?? Number.NaN) - expected), name).toBeLessThan(0.06)
    }
  })

  it('of an empty day have no share to show', () => {
    expect(NOTHING).toMatchObject({ offered: 0, service_level: null, abandon_rate: null, aht_s: null, longest_wait_s: 0 })
  })
})

it('who waits stands first, the longest on top; who rings or talks stands before who is away', () => {
  const calls = [call('t', 'talking', '2026-01-01T00:00:00Z'), call('w', 'waiting', '2026-01-01T00:00:05Z'), call('r', 'ringing', '2026-01-01T00:00:01Z')]
  expect(inOrder(Object.fromEntries(calls.map((each) => [each.id, each]))).map((each) => each.id)).toEqual(['r', 'w', 't'])
  const agents = [agent('z', 'offline'), agent('b', 'available'), agent('a', 'available'), agent('y', 'ringing')]
  expect(agentsInOrder(Object.fromEntries(agents.map((each) => [each.id, each]))).map((each) => each.id)).toEqual(['y', 'a', 'b', 'z'])
})
