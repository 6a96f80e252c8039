/** Asks the relays (TURN) for a place as a call would, before there is one; and keeps their passwords fresh. */
import type { RelayTrouble } from './driver'

const PATIENCE_MS = 10_000
/** Of a server that does not take the password, and of one that could not be reached. */
const REFUSED = 400
const UNREACHED = 700
/** A machine that slept is looked at again so soon after it wakes. */
const LOOK_MS = 30_000

const at = (s: number | null) => (s === null ? null : Date.now() + s * 1000)

export const isRelay = ({ urls }: RTCIceServer) => [urls].flat().some((url) => url.startsWith('turn'))

export const isRefusal = ({ errorCode }: RTCPeerConnectionIceErrorEvent) => errorCode >= REFUSED && errorCode < UNREACHED

/** Null where one of them gives a place, or there is none to ask. */
export async function relayTrouble(servers: RTCIceServer[]): Promise<RelayTrouble | null> {
  const relays = servers.filter(isRelay)
  if (!relays.length) return null
  const probe = new RTCPeerConnection({ iceServers: relays, iceTransportPolicy: 'relay' })
  let timer: ReturnType<typeof setTimeout> | undefined
  try {
    return await new Promise((resolve) => {
      let refused = false
      const give = () => resolve(refused ? 'refused' : 'silent')
      timer = setTimeout(give, PATIENCE_MS)
      probe.addEventListener('icecandidate', ({ candidate }) => candidate?.candidate && resolve(null))
      probe.addEventListener('icecandidateerror', (error) => (refused ||= isRefusal(error)))
      probe.addEventListener('icegatheringstatechange', () => probe.iceGatheringState === 'complete' && give())
      probe.createDataChannel('')
      void probe.setLocalDescription()
    })
  } finally {
    clearTimeout(timer)
    probe.close()
  }
}

/**
 * Calls `renew` when it is time; it says when the next time is (null: nothing runs out). One that fails is tried again.
 * Returns how to end it.
 */
export function keepFresh(inS: number | null, renew: () => Promise<number | null>): () => void {
  let due = at(inS)
  let timer: ReturnType<typeof setTimeout> | undefined
  let ended = false

  const plan = () => {
    if (due !== null && !ended) timer = setTimeout(() => void look(), Math.max(0, Math.min(due - Date.now(), LOOK_MS)))
  }

  async function look() {
    if (due !== null && Date.now() >= due) {
      try {
        due = at(await renew())
      } catch {
        due = Date.now() + LOOK_MS // the hub is away: the passwords still have half of their time
      }
    }
    plan()
  }

  plan()
  return () => {
    ended = true
    clearTimeout(timer)
  }
}
