/** Goes to the message that the address names (`?message=ID`), reading older pages until it is there. */
import { nextTick } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { painted } from '@/kit/painted'
import type { useThread } from './thread/useThread'

/** So far back, and no further: what is older is found from its neighbourhood. */
const MOST_PAGES = 50

export function useJump(thread: ReturnType<typeof useThread>) {
  const route = useRoute()
  const router = useRouter()

  return async function jump(): Promise<void> {
    const { message, ...query } = route.query
    if (typeof message !== 'string') return
    for (let read = 0; read < MOST_PAGES && thread.older.value && !known(message); read += 1) await thread.loadOlder()
    await painted() // the thread shows its newest messages first
    await nextTick()
    const bubble = document.querySelector<HTMLElement>(`[data-message="${CSS.escape(message)}"]`)
    bubble?.scrollIntoView({ block: 'center' })
    bubble?.classList.add('is-jumped-to')
    await router.replace({ path: route.path, query })
  }

  function known(message: string): boolean {
    return thread.messages.value.some((one) => one.id === message)
  }
}
