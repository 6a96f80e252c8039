/** Tells the hub which conversation is open here, again after each new connection, and knows who else has it open. */
import { computed, onScopeDispose, shallowRef, watch } from 'vue'
import { useSession } from '@/api/session'
import type { PersonRef } from '@/api/types'
import { feed, useLive, type LiveEvents } from '@/live'
import { useReread } from './useReread'

export function useWatching(conversation: string) {
  const { user } = useSession()
  const watchers = shallowRef<PersonRef[]>([])
  const others = computed(() => watchers.value.filter((one) => one.id !== user.value?.id))

  async function begin(): Promise<void> {
    const now = await feed.hint<LiveEvents['watching']>('watch', { conversation })
    if (now) watchers.value = now.users
  }

  useLive('watching', (data) => {
    if (data.conversation === conversation) watchers.value = data.users
  })
  useReread(conversation, begin) // whoever loses sight of it no longer counts as watching
  watch(
    () => feed.mark.value.kind === 'live',
    (live) => (live ? void begin() : (watchers.value = [])),
    { immediate: true },
  )
  onScopeDispose(() => void feed.hint('unwatch', { conversation }))

  return others
}
