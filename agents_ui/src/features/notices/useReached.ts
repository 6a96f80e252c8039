/** What the assistant does beside its window: keeps the push subscription, says whether it is looked at, follows clicks. */
import { onScopeDispose, watch } from 'vue'
import { useRouter } from 'vue-router'
import { feed, useLive } from '@/live'
import { useChoices } from './useChoices'
import { usePush } from './usePush'

const FRONT = '/console'
const look = () => void feed.hint('look', { visible: !document.hidden })

export function useReached() {
  const router = useRouter()
  const { choices } = useChoices()
  const { reach, settle } = usePush()
  const wanted = () => (choices.value ? choices.value.enabled && choices.value.push : null)

  /** A click on a notification; the page is left as by any link. */
  function follow(event: MessageEvent<unknown>) {
    const said = event.data as { open?: unknown } | null
    if (typeof said?.open === 'string' && said.open.startsWith(`${FRONT}/`)) void router.push(said.open.slice(FRONT.length))
  }

  watch(wanted, (now) => (now === null ? undefined : settle(now)), { immediate: true })
  watch(() => feed.mark.value.kind === 'live', (live) => live && look(), { immediate: true })
  useLive('parameter.changed', (data) => {
    if (data.id === 'browser-push' && wanted()) void settle(true)
  })
  document.addEventListener('visibilitychange', look)
  navigator.serviceWorker?.addEventListener('message', follow)
  onScopeDispose(() => {
    document.removeEventListener('visibilitychange', look)
    navigator.serviceWorker?.removeEventListener('message', follow)
  })
  return reach
}
