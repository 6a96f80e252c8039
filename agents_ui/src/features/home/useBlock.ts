/** What a block shows: read once, and again some moments after something of it changed. */
import { onMounted, onScopeDispose, shallowRef, type ShallowRef } from 'vue'
import { ApiProblem } from '@/api/problem'
import { feed, useReload } from '@/live'

/** The usual pause (milliseconds); a steady stream of changes makes one read each pause, not none and not one per change. */
const PAUSE = 400

export function useBlock<T>(read: () => Promise<T>, pause = PAUSE): { shown: ShallowRef<T | null>; problem: ShallowRef<ApiProblem | null>; load: () => Promise<void>; soon: () => void } {
  const shown = shallowRef<T | null>(null) as ShallowRef<T | null>
  const problem = shallowRef<ApiProblem | null>(null)
  let timer: ReturnType<typeof setTimeout> | undefined

  async function load(): Promise<void> {
    try {
      shown.value = await read()
      problem.value = null
    } catch (trouble) {
      if (!(trouble instanceof ApiProblem)) throw trouble
      problem.value = trouble
    }
  }

  const soon = () => {
    timer ??= setTimeout(() => {
      timer = undefined
      void load()
    }, pause * (0.75 + Math.random() / 2))
  }

  onMounted(async () => {
    await feed.settled()
    await load()
  })
  useReload(load)
  onScopeDispose(() => clearTimeout(timer))

  return { shown, problem, load, soon }
}
