/** The only user of socket.io-client: one websocket to the namespace `/console`, without its own reconnection (see feed.ts). */
import { io } from 'socket.io-client'
import { isProblem, type ProblemDocument } from '@/api/problem'
import type { Closing, Ready, Stale, Wire } from '@/live/events'

export interface LinkListener {
  connected: () => void
  event: (name: string, wire: Wire<never>) => void
  ready: (ready: Ready) => void
  stale: (stale: Stale) => void
  closing: (closing: Closing) => void
  lost: () => void
  /** The hub said no; `problem` is null where it gave no document. */
  refused: (problem: ProblemDocument | null) => void
}

export type Answer = { ok: true; result: unknown } | { ok: false; problem: ProblemDocument }

export interface Link {
  /** Rejects when no answer comes in time. */
  ask: (name: string, data: unknown) => Promise<Answer>
  close: () => void
}

export type OpenLink = (after: number | null, listener: LinkListener) => Link

const ABOUT_ITSELF = new Set(['ready', 'stale', 'closing'])
/** How long an ask may take before it counts as lost, in milliseconds. */
const ASK_MS = 5000

export const openSocket: OpenLink = (after, listener) => {
  const socket = io('/console', {
    path: '/socket.io',
    transports: ['websocket'],
    auth: after === null ? {} : { after },
    reconnection: false,
    forceNew: true,
    timeout: 10_000,
  })
  socket.on('connect', listener.connected)
  socket.on('ready', listener.ready)
  socket.on('stale', listener.stale)
  socket.on('closing', listener.closing)
  socket.onAny((name: string, body: Wire<never>) => {
    if (!ABOUT_ITSELF.has(name)) listener.event(name, body)
  })
  socket.on('disconnect', listener.lost)
  socket.on('connect_error', (error: Error & { data?: unknown }) => {
    if (isProblem(error.data)) listener.refused(error.data)
    else listener.lost()
  })
  return {
    ask: (name, data) => socket.timeout(ASK_MS).emitWithAck(name, data) as Promise<Answer>,
    close: () => {
      socket.removeAllListeners()
      socket.offAny()
      socket.disconnect()
    },
  }
}
