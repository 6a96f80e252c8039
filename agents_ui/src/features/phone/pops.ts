/** The call that this person's phone is in, made of what the hub tells. Pure. */
import type { LiveEvents } from '@/live'
import type { Call } from './api'

export type Ringing = LiveEvents['call.ringing']

/** When each thing happened on the way to the screen (milliseconds since 1970). */
export interface Stamps {
  pbx: number
  heard: number
  told: number
  stored: number
  socket: number
  painted: number | null
}

export interface Pop {
  call: Call
  number: string
  name: string
  queue: string | null
  waited: number
  candidates: Ringing['candidates']
  conversations: Ringing['conversations']
  stamps: Stamps | null
}

/** `after`: the talk is over, and what came of it can be written down. */
export type Stage = 'ringing' | 'talking' | 'after' | 'gone'

export function popOf(data: Ringing, at: string, socket: number): Pop {
  const time = (name: string) => Date.parse(data.stamps[name] ?? at)
  const stamps = { pbx: time('pbx'), heard: time('heard'), told: time('told'), stored: Date.parse(at), socket, painted: null }
  return {
    call: data.call,
    number: data.number,
    name: data.caller_name,
    queue: data.queue,
    waited: data.waited_s,
    candidates: data.candidates,
    conversations: data.conversations,
    stamps,
  }
}

/** Of a call that was there before this page: who it may be was told to another page. */
export function popOfLive(call: Call): Pop {
  return { call, number: call.part.number, name: '', queue: call.part.queue, waited: call.part.wait_s, candidates: [], conversations: [], stamps: null }
}

/** Where the phone of an extension stands in a call. */
export function stageOf(call: Call, extension: string): Stage {
  const mine = call.part.agents.filter((one) => one.extension === extension)
  const here = mine.find((one) => one.ended_at === null)
  if (here) return here.answered_at ? 'talking' : 'ringing'
  return mine.some((one) => one.answered_at) ? 'after' : 'gone'
}

/** Whether its recording stands still now, by the PBX's word: it says so once, when that changes, so it may be unknown. */
export const standsStill = (call: Call): boolean => call.part.recording_now === 'paused'
export const mayBeRecorded = (call: Call): boolean => call.part.recording_now === 'unknown'

/** What a changed call makes of the pop: the same with the call as it is now, or none. */
export function withCall(pop: Pop | null, call: Call, extension: string): Pop | null {
  const stage = stageOf(call, extension)
  if (pop?.call.call === call.call) return stage === 'gone' ? null : { ...pop, call }
  const idle = pop === null || stageOf(pop.call, extension) === 'after'
  return idle && stage === 'talking' ? popOfLive(call) : pop
}

/** The way from the PBX to the screen, in milliseconds; null where it is not painted yet. */
export function legsOf(stamps: Stamps): { told: number; socket: number; painted: number; all: number } | null {
  if (stamps.painted === null) return null
  return {
    told: stamps.told - stamps.pbx,
    socket: stamps.socket - stamps.told,
    painted: stamps.painted - stamps.socket,
    all: stamps.painted - stamps.pbx,
  }
}
