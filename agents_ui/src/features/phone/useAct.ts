/** One request at a time that a button makes; what the hub refuses is kept to be shown beside it. */
import { ref } from 'vue'
import { ApiProblem } from '@/api/problem'
import { problemText } from '@/words/problem'

export function useAct(wordsFor: (trouble: ApiProblem) => string = problemText) {
  const busy = ref(false)
  const problem = ref('')

  /** Whether it was done. */
  async function run(act: () => Promise<unknown>): Promise<boolean> {
    busy.value = true
    problem.value = ''
    try {
      await act()
      return true
    } catch (trouble) {
      if (!(trouble instanceof ApiProblem)) throw trouble
      problem.value = wordsFor(trouble)
      return false
    } finally {
      busy.value = false
    }
  }

  return { busy, problem, run }
}
