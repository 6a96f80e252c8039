/** What a page shows: read once, read again when the hub says that too much was missed, with its trouble. */
import { onMounted, shallowRef, type ShallowRef } from 'vue'
import { ApiProblem } from '@/api/problem'
import { markReady } from '@/kit/ready'
import { useReload } from '@/live/index'
import { useAgainOnceLive } from '@/live/useAgainOnceLive'

export function useAsked<T>(read: () => Promise<T>) {
  const shown = shallowRef<T | null>(null) as ShallowRef<T | null>
  const problem = shallowRef<ApiProblem | null>(null)

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
  useAgainOnceLive(problem, load)
  onMounted(async () => {
    await load()
    markReady()
  })
  return { shown, problem, load }
}
