/** Tells colleagues that one is writing here, and knows who of them is. */
import { onScopeDispose, shallowRef } from 'vue'
import { useSession } from '@/api/session'
import type { PersonRef } from '@/api/types'
import { feed, useLive } from '@/live'

/** Said again while somebody writes; believed a little longer than that (milliseconds). */
const SAY_EVERY = 3000
const BELIEVE_FOR = 6000

export function useTyping(conversation: string) {
  const { user } = useSession()
  const others = shallowRef<PersonRef[]>([])
  const timers = new Map<string, ReturnType<typeof setTimeout>>()
  let said = 0

  const say = (on: boolean) => void feed.hint('typing', { conversation, on })

  function writing(): void {
    if (Date.now() - said < SAY_EVERY) return
    said = Date.now()
    say(true)
  }

  function stopped(): void {
    if (said === 0) return
    said = 0
    say(false)
  }

  function forget(id: string): void {
    clearTimeout(timers.get(id))
    timers.delete(id)
    others.value = others.value.filter((one) => one.id !== id)
  }

  useLive('typing', (data) => {
    if (data.conversation !== conversation || data.user.id === user.value?.id) return
    forget(data.user.id)
    if (!data.on) return
    others.value = [...others.value, data.user]
    timers.set(data.user.id, setTimeout(() => forget(data.user.id), BELIEVE_FOR))
  })
  onScopeDispose(() => {
    stopped()
    timers.forEach((timer) => clearTimeout(timer))
  })

  return { others, writing, stopped }
}
