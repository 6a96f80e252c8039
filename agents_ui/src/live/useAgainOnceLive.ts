/** What could not be read because the hub was out of reach is read by itself as soon as the link stands again. */
import { watch, type ShallowRef } from 'vue'
import type { ApiProblem } from '@/api/problem'
import { feed } from '@/live/index'

export function useAgainOnceLive(problem: Readonly<ShallowRef<ApiProblem | null>>, again: () => Promise<void>): void {
  watch(
    () => feed.mark.value.kind,
    (kind) => {
      if (kind === 'live' && problem.value?.status === 0) void again()
    },
  )
}
