import { expect, it } from 'vitest'
import type { Call } from './api'
import { legsOf, mayBeRecorded, popOf, popOfLive, stageOf, standsStill, withCall, type Ringing } from './pops'

type Handler = Call['part']['agents'][number]
const T = '2026-11-26T10:00:00Z'

const handler = (part: Partial<Handler>): Handler => ({
  extension: '2001', user: 'u1', name: 'Ann', outcome: null, queue: 'support', rang_at: T, answered_at: null, ended_at: null, talk_s: 0, hold_s: 0, ...part,
})

const callWith = (agents: Handler[], name = 'c1'): Call =>
  ({ id: 'm1', call: name, account: 'pbx', conversation: 'k1', state: 'ringing', linkedids: [name], at: T, part: { agents, queue: 'support', number: '+8613800138000', wait_s: 4 } }) as unknown as Call

const rings = (call: Call): Ringing =>
  ({
    call, ring: 'r1', number: '+8613800138000', caller_name: 'Ada', extension: '2001', queue: 'support', waited_s: 4, candidates: [], conversations: [],
    stamps: { pbx: '2026-11-26T10:00:00.000Z', heard: '2026-11-26T10:00:00.004Z', told: '2026-11-26T10:00:00.010Z' },
  }) as Ringing

it('knows where a phone stands in a call', () => {
  expect(stageOf(callWith([handler({})]), '2001')).toBe('ringing')
  expect(stageOf(callWith([handler({ ended_at: T }), handler({ answered_at: T })]), '2001')).toBe('talking')
  expect(stageOf(callWith([handler({ answered_at: T, ended_at: T })]), '2001')).toBe('after')
  expect(stageOf(callWith([handler({ ended_at: T })]), '2001')).toBe('gone')
  expect(stageOf(callWith([handler({})]), '2002')).toBe('gone')
})

it('knows whether the recording stands still', () => {
  const asked = { from: T, until: null, by: 'u1', name: 'Ann' }
  const how = (recording_now: Call['part']['recording_now']) => ({ ...callWith([]), part: { ...callWith([]).part, recording_now, pauses: [asked] } })
  expect([null, 'on', 'paused', 'unknown'].map((now) => standsStill(how(now as never)))).toEqual([false, false, true, false])
  expect(['on', 'unknown'].map((now) => mayBeRecorded(how(now as never)))).toEqual([false, true])
})

it('a call that somebody else answers is not shown any more, one that was talked in stays for its wrap-up', () => {
  const pop = popOf(rings(callWith([handler({})])), T, 0)
  expect(withCall(pop, callWith([handler({ ended_at: T })]), '2001')).toBeNull()
  const done = withCall(pop, callWith([handler({ answered_at: T, ended_at: T })]), '2001')
  expect(done?.name).toBe('Ada')
})

it('a call that was dialled here is taken up, and no other while one goes on', () => {
  const dialled = callWith([handler({ answered_at: T })], 'c2')
  expect(withCall(null, dialled, '2001')?.call.call).toBe('c2')
  const here = popOfLive(callWith([handler({ answered_at: T })]))
  expect(withCall(here, dialled, '2001')).toBe(here)
  expect(withCall(null, callWith([handler({ extension: '1001' })]), '2001')).toBeNull()
})

it('measures the way to the screen', () => {
  const { stamps } = popOf(rings(callWith([])), '2026-11-26T10:00:00.012Z', Date.parse('2026-11-26T10:00:00.020Z'))
  expect(stamps && legsOf(stamps)).toBeNull()
  const painted = Date.parse('2026-11-26T10:00:00.050Z')
  expect(stamps && legsOf({ ...stamps, painted })).toEqual({ told: 10, socket: 10, painted: 30, all: 50 })
})
