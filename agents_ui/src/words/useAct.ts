/** One act at a time that a button makes: busy while it is, and what the hub refuses in words, kept to be shown beside it. */
import { computed } from 'vue'
import type { ApiProblem } from '@/api/problem'
import { problemText } from '@/words/problem'
import { useSending } from '@/words/useSending'

interface Choices {
  /** Words of one's own for what is refused. */
  wordsFor?: (trouble: ApiProblem) => string
  /** Is told the words too, where there is no place beside the button. */
  tell?: (words: string) => void
}

export function useAct({ wordsFor = problemText, tell }: Choices = {}) {
  const { busy, refused: problem, send, fieldError } = useSending()
  const refused = computed(() => (problem.value ? wordsFor(problem.value) : ''))

  /** Whether it was done; not where another act is still running. */
  async function run(act: (key: string) => Promise<unknown>): Promise<boolean> {
    if (busy.value) return false
    const done = await send(act)
    if (refused.value) tell?.(refused.value)
    return done
  }

  /** Forgets what was refused: the form begins anew. */
  const clear = () => (problem.value = null)
  return { busy, refused, run, fieldError, clear }
}
