/** A telephone in the page, whatever speaks SIP underneath. */
import type { components } from '@/api/schema'

export type MyPhone = components['schemas']['MyPhone']

/** `ready`: registered, calls come in. `lost`: it tries again by itself. `taken`: another browser is the phone now. */
export type LineState = 'off' | 'starting' | 'ready' | 'lost' | 'taken' | 'no-microphone'

export interface SoftCall {
  direction: 'in' | 'out'
  state: 'ringing' | 'dialling' | 'talking'
  /** Who is at the other end, as SIP says it: a number or an extension. */
  remote: string
  muted: boolean
  held: boolean
  /** When the sound began (milliseconds since 1970). */
  since: number | null
}

export interface SoundStats {
  received: number
  sent: number
  lost: number
  /** Energy of what was heard and of what was said, growing. */
  heard: number
  said: number
}

export interface SoftphoneListener {
  line: (state: LineState) => void
  /** Null when there is none (any more). */
  changed: (call: SoftCall | null) => void
}

export interface SoftphoneDriver {
  start: (phone: MyPhone) => void
  /** Ends a call, signs off, lets go of the socket. */
  stop: () => void
  answer: () => void
  /** Rejects what rings, ends what is on. */
  hangUp: () => void
  mute: (on: boolean) => void
  hold: (on: boolean) => void
  keys: (digits: string) => void
  sound: () => Promise<SoundStats | null>
}

export type MakeDriver = (listener: SoftphoneListener) => SoftphoneDriver
