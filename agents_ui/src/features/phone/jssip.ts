/** The only user of JsSIP. It is fetched when the phone is turned on, and never before. */
import { UA, WebSocketInterface, C } from 'jssip'
import type { RTCSession } from 'jssip/lib/RTCSession'
import type { IncomingRTCSessionEvent, OutgoingRTCSessionEvent } from 'jssip/lib/UA'
import type { MakeDriver, SoftCall, SoundStats, Way } from './driver'
import { isRefusal, isRelay } from './relay'
import { soundOf } from './sound'

const EXPIRES_S = 300
/** So long candidates are gathered after the first: a server that does not answer must not hold up the call. */
const GATHER_MS = 600
/** A relay is asked twice, over TLS with four ways there and back: on a slow network that takes its time. */
const GATHER_RELAY_MS = 2000
const BUSY = { status_code: 486, reason_phrase: 'Busy Here' }
/** Causes of a refused registration that trying again does not mend. */
const FINAL = new Set<string>([C.causes.AUTHENTICATION_ERROR, C.causes.REJECTED])

/** Ends of a way that may be whole again, and of one that is not. */
const BROKEN = new Set<RTCIceConnectionState>(['disconnected', 'failed'])

const addressOf = (path: string) => new URL(path, location.href.replace(/^http/, 'ws')).href

export const makeJsSip: MakeDriver = (listener) => {
  let ua: UA | null = null
  let session: RTCSession | null = null
  let rtc: RTCConfiguration = {}
  let gatherMs = GATHER_MS
  let shown: SoftCall | null = null
  const speaker = new Audio()
  speaker.autoplay = true

  const show = (change: Partial<SoftCall>) => {
    if (!shown) return
    shown = { ...shown, ...change }
    listener.changed(shown)
  }

  const over = (ended: RTCSession) => {
    if (session !== ended) return
    session = null
    shown = null
    speaker.srcObject = null
    listener.changed(null)
  }

  function take(next: RTCSession) {
    session = next
    shown = { direction: 'in', state: 'ringing', remote: next.remote_identity.uri.user ?? '', muted: false, held: false, since: null }
    next.on('peerconnection', ({ peerconnection }) => {
      peerconnection.addEventListener('iceconnectionstatechange', () => {
        const state = peerconnection.iceConnectionState
        if (rtc.iceTransportPolicy !== 'relay') return
        if (BROKEN.has(state)) listener.relay('silent')
        else if (state === 'connected') listener.relay(null)
      })
      peerconnection.addEventListener('icecandidateerror', (error) => isRefusal(error) && listener.relay('refused'))
      peerconnection.addEventListener('track', ({ track, streams }) => (speaker.srcObject = streams[0] ?? new MediaStream([track])))
    })
    let gathering: ReturnType<typeof setTimeout> | undefined
    next.on('icecandidate', ({ ready }) => (gathering ??= setTimeout(ready, gatherMs)))
    next.on('confirmed', () => show({ state: 'talking', since: Date.now() }))
    next.on('hold', ({ originator }) => String(originator) === 'local' && show({ held: true }))
    next.on('unhold', ({ originator }) => String(originator) === 'local' && show({ held: false }))
    next.on('muted', () => show({ muted: true }))
    next.on('unmuted', () => show({ muted: false }))
    next.on('getusermediafailed', () => listener.line('no-microphone'))
    for (const end of ['ended', 'failed'] as const) {
      next.on(end, () => {
        clearTimeout(gathering)
        over(next)
      })
    }
    listener.changed(shown)
  }

  function renew(way: Way) {
    const iceServers = way.ice_servers as RTCIceServer[]
    rtc = { iceServers, iceTransportPolicy: way.relay_only ? 'relay' : 'all' }
    gatherMs = iceServers.some(isRelay) ? GATHER_RELAY_MS : GATHER_MS
  }

  async function sound(): Promise<SoundStats | null> {
    const line = session?.connection
    if (!line) return null
    return { ...soundOf(await line.getStats()), broken: BROKEN.has(line.iceConnectionState) }
  }

  return {
    renew,
    sound,
    start(phone) {
      renew(phone)
      ua = new UA({
        sockets: new WebSocketInterface(addressOf(phone.ws_url)),
        uri: phone.sip_uri,
        authorization_user: phone.extension,
        password: phone.password,
        register_expires: EXPIRES_S,
        session_timers: false,
        connection_recovery_min_interval: 1,
        connection_recovery_max_interval: 8,
        user_agent: 'Mainstem',
      })
      ua.on('registered', () => listener.line('ready'))
      ua.on('disconnected', () => ua && listener.line('lost'))
      ua.on('registrationFailed', ({ cause }) => listener.line(cause && FINAL.has(cause) ? 'taken' : 'lost'))
      ua.on('newRTCSession', ({ originator, session: next }: IncomingRTCSessionEvent | OutgoingRTCSessionEvent) => {
        if (String(originator) !== 'remote') return
        if (session) next.terminate(BUSY)
        else take(next)
      })
      listener.line('starting')
      ua.start()
    },
    stop() {
      const leaving = ua
      ua = null
      leaving?.terminateSessions()
      leaving?.stop()
    },
    answer: () => session?.answer({ mediaConstraints: { audio: true, video: false }, pcConfig: rtc }),
    hangUp: () => session?.terminate(session.isEstablished() ? {} : BUSY),
    mute: (on) => (on ? session?.mute({ audio: true }) : session?.unmute({ audio: true })),
    hold: (on) => void (on ? session?.hold() : session?.unhold()),
    keys: (digits) => session?.sendDTMF(digits, { transportType: C.DTMF_TRANSPORT.RFC2833 }),
  }
}
