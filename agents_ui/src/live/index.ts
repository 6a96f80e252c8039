/** The console's one feed. */
import { onScopeDispose } from 'vue'
import { endReads, onUnread } from '@/api/client'
import type { LiveEvents, LiveName } from '@/live/events'
import { Feed, type Handler } from '@/live/feed'
import { openSocket } from '@/live/socket'

let ended: () => void | Promise<void> = () => undefined

/** Before the next paint; a hidden tab has none, so a timer runs beside it and the first of the two wins. */
function soon(run: () => void): void {
  let done = false
  const once = () => {
    if (done) return
    done = true
    run()
  }
  requestAnimationFrame(once)
  setTimeout(once, 250)
}

export const feed = new Feed({ open: openSocket, soon, refused: () => void ended(), broken: endReads })
onUnread(() => feed.unread())

/** Set once by the shell: what to do when the hub ends the sign-in. */
export function onFeedRefused(handler: () => void | Promise<void>): void {
  ended = handler
}

/** Listen as long as the component (or store scope) lives. */
export function useLive<N extends LiveName>(name: N, handler: Handler<N>): void {
  onScopeDispose(feed.on(name, handler))
}

/** Read again by REST when the hub says that too much was missed. */
export function useReload(reload: () => Promise<void>): void {
  onScopeDispose(feed.onReload(reload))
}

window.addEventListener('online', () => feed.hurry())
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) feed.hurry()
})

export type { LiveEvents }
