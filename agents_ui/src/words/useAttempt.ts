/** Several things that a page asks of the hub: busy while one is, and each has its own way with what is refused. */
import { ref } from 'vue'
import { ApiProblem } from '@/api/problem'

export function useAttempt() {
  const busy = ref(false)

  async function attempt(act: () => Promise<unknown>, refused: (trouble: ApiProblem) => void): Promise<void> {
    busy.value = true
    try {
      await act()
    } catch (trouble) {
      if (!(trouble instanceof ApiProblem)) throw trouble
      refused(trouble)
    } finally {
      busy.value = false
    }
  }

  return { busy, attempt }
}
