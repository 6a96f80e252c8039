/** The live board as plain values: what a diff makes of it, and the queues together. */
import type { BoardAgent, BoardCall, Figures, QueueBoard, Together } from './api'

export interface BoardDiff {
  queue: string
  revision: number
  before: number
  calls?: Record<string, BoardCall>
  agents?: Record<string, BoardAgent>
  calls_gone?: string[]
  agents_gone?: string[]
  name?: string
  name_zh?: string
  target?: QueueBoard['target']
  today?: Figures
  hours?: QueueBoard['hours']
}

function patched<T>(known: Record<string, T>, set: Record<string, T> = {}, gone: string[] = []): Record<string, T> {
  const left = new Set(gone)
  return { ...Object.fromEntries(Object.entries(known).filter(([key]) => !left.has(key))), ...set }
}

/** The queue after a diff; the same one where it was seen already; null where one before it was missed. */
export function applyDiff(known: QueueBoard, diff: BoardDiff): QueueBoard | null {
  if (diff.revision <= known.revision) return known
  if (diff.before !== known.revision) return null
  return {
    ...known,
    revision: diff.revision,
    calls: patched(known.calls, diff.calls, diff.calls_gone),
    agents: patched(known.agents, diff.agents, diff.agents_gone),
    name: diff.name ?? known.name,
    name_zh: diff.name_zh ?? known.name_zh,
    target: diff.target ?? known.target,
    today: diff.today ?? known.today,
    hours: diff.hours ?? known.hours,
  }
}

export const waits = (call: BoardCall): boolean => call.state === 'waiting' || call.state === 'ringing'

/** Callers who wait, the longest first; then those who talk. */
export function inOrder(calls: Record<string, BoardCall>): BoardCall[] {
  return Object.values(calls).sort((one, other) => Number(waits(other)) - Number(waits(one)) || one.joined_at.localeCompare(other.joined_at))
}

const ORDER: BoardAgent['state'][] = ['ringing', 'on_call', 'available', 'wrap_up', 'busy', 'paused', 'offline']

export function agentsInOrder(agents: Record<string, BoardAgent>): BoardAgent[] {
  return Object.values(agents).sort((one, other) => ORDER.indexOf(one.state) - ORDER.indexOf(other.state) || one.name.localeCompare(other.name))
}

const SUMS = ['offered', 'answered', 'abandoned', 'short', 'passed_on', 'unseen', 'in_time', 'rung', 'handled', 'missed', 'wraps', 'wait_s', 'answer_wait_s', 'talk_s', 'hold_s', 'wrap_s'] as const

const share = (part: number, whole: number): number | null => (whole > 0 ? part / whole : null)

/** Figures of several queues: counts and seconds add up, shares and averages follow (docs/channels/telephony.md). */
export function addUp(all: Figures[]): Figures {
  const sum = Object.fromEntries(SUMS.map((name) => [name, all.reduce((total, one) => total + one[name], 0)])) as Record<(typeof SUMS)[number], number>
  const judged = sum.offered - sum.short - sum.unseen
  return {
    ...sum,
    longest_wait_s: Math.max(0, ...all.map((one) => one.longest_wait_s)),
    service_level: share(sum.in_time, judged),
    abandon_rate: share(sum.abandoned - sum.short, judged),
    average_wait_s: share(sum.wait_s, sum.offered),
    average_answer_s: share(sum.answer_wait_s, sum.answered),
    average_talk_s: share(sum.talk_s, sum.handled),
    average_hold_s: share(sum.hold_s, sum.handled),
    average_wrap_s: share(sum.wrap_s, sum.handled),
    aht_s: share(sum.talk_s + sum.hold_s + sum.wrap_s, sum.handled),
  }
}

/** The queues together; a person in several of them counts once. */
export function together(queues: QueueBoard[]): Together {
  const calls = queues.flatMap((queue) => Object.values(queue.calls))
  const waiting = calls.filter(waits)
  const agents: Record<string, number> = {}
  for (const agent of new Map(queues.flatMap((queue) => Object.entries(queue.agents))).values()) agents[agent.state] = (agents[agent.state] ?? 0) + 1
  return {
    waiting: waiting.length,
    ringing: waiting.filter((call) => call.state === 'ringing').length,
    talking: calls.length - waiting.length,
    longest_since: waiting.map((call) => call.joined_at).sort()[0] ?? null,
    agents,
    today: addUp(queues.map((queue) => queue.today)),
  }
}
