/** Parts of the program that come when they are needed: one that the link broke off is asked for again. */
import { defineAsyncComponent, watch, type Component } from 'vue'
import { feed } from '@/live/index'

/** The longest time until the next try, in milliseconds. */
const PAUSE_MS = 2000
/** So often it is tried over a link that stands: then the part is not there any more, as after an update of the hub. */
const MOST_TRIES = 3

export async function fetched<T>(load: () => Promise<T>, pauseMs = PAUSE_MS): Promise<T> {
  for (let tries = 1; ; ) {
    try {
      return await load()
    } catch (trouble) {
      if (feed.mark.value.kind !== 'offline' && tries++ === MOST_TRIES) throw trouble
      await linkOrPause(pauseMs)
    }
  }
}

/** A component that comes when it is first shown. */
export const part = <T extends Component>(load: () => Promise<{ default: T }>) => defineAsyncComponent(() => fetched(load))

/** Until the link stands again, or for as long; a failure while it stands waits too. */
function linkOrPause(pauseMs: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stop()
      clearTimeout(timer)
      resolve()
    }
    const stop = watch(() => feed.mark.value.kind, (kind) => kind !== 'offline' && done())
    const timer = setTimeout(done, pauseMs)
  })
}
