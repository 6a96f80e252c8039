/** A telephone in the page, whatever speaks SIP underneath. */
import type { components } from '@/api/schema'

export type MyPhone = components['schemas']['MyPhone']

/** The way of the sound: servers with passwords for now. */
export type Way = Pick<MyPhone, 'ice_servers' | 'relay_only' | 'renew_in_s'>

/**
 * `ready`: registered, calls come in. `lost`: it tries again by itself. `taken`: another browser is the phone now.
 * `no-relay`: sound may go through a relay only, and none lets it; it tries again by itself.
 */
export type LineState = 'off' | 'starting' | 'ready' | 'lost' | 'taken' | 'no-microphone' | 'no-relay'

/** Why a relay (TURN) passes nothing on: it does not take our password, or does not answer. */
export type RelayTrouble = 'refused' | 'silent'

/** `relay`: through a TURN server. Empty: not known. */
export type SoundWay = 'direct' | 'relay' | ''

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
  way: SoundWay
  /** The way is cut: nothing arrives, and the browser gives up soon. */
  broken: boolean
}

export interface SoftphoneListener {
  line: (state: LineState) => void
  /** Null when there is none (any more). */
  changed: (call: SoftCall | null) => void
  /** In a call: a relay refused, the way through it broke, or is whole again (null). */
  relay: (trouble: RelayTrouble | null) => void
}

export interface SoftphoneDriver {
  start: (phone: MyPhone) => void
  /** For calls from now on. */
  renew: (way: Way) => void
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
