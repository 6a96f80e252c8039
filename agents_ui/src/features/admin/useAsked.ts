/** One thing read from the hub, with its trouble; acts run one at a time and say what went wrong. */
import { onMounted, ref, shallowRef, type ShallowRef } from 'vue'
import { ApiProblem } from '@/api/problem'
import { markReady } from '@/kit/ready'
import { useReload } from '@/live'

export function useAsked<T>(read: () => Promise<T>) {
  const shown = shallowRef<T | null>(null) as ShallowRef<T | null>
  const problem = shallowRef<ApiProblem | null>(null)
  const busy = ref(false)

  async function load(): Promise<void> {
    try {
      shown.value = await read()
      problem.value = null
    } catch (trouble) {
      if (!(trouble instanceof ApiProblem)) throw trouble
      problem.value = trouble
    }
  }

  useReload(load)
  onMounted(async () => {
    await load()
    markReady()
  })
  return { shown, problem, busy, load }
}

/** A form that is sent: busy while it is, with the hub's refusal and its words for each field. */
export function useSending() {
  const busy = ref(false)
  const refused = shallowRef<ApiProblem | null>(null)

  /** True where the act was done. */
  async function send(act: () => Promise<unknown>): Promise<boolean> {
    busy.value = true
    refused.value = null
    try {
      await act()
      return true
    } catch (trouble) {
      if (!(trouble instanceof ApiProblem)) throw trouble
      refused.value = trouble
      return false
    } finally {
      busy.value = false
    }
  }

  const fieldError = (path: string) => refused.value?.fields.find((field) => field.path === path)?.detail ?? ''
  return { busy, refused, send, fieldError }
}
