/** One act at a time that a button makes: busy while it is, and what the hub refuses in words, kept to be shown beside it. */
import { ref } from 'vue'
import { ApiProblem } from '@/api/problem'
import { problemText } from '@/words/problem'

interface Choices {
  /** Words of one's own for what is refused. */
  wordsFor?: (trouble: ApiProblem) => string
  /** Is told the words too, where there is no place beside the button. */
  tell?: (words: string) => void
}

export function useAct({ wordsFor = problemText, tell }: Choices = {}) {
  const busy = ref(false)
  const refused = ref('')

  /** Whether it was done; not where another act is still running. */
  async function run(act: () => Promise<unknown>): Promise<boolean> {
    if (busy.value) return false
    busy.value = true
    refused.value = ''
    try {
      await act()
      return true
    } catch (trouble) {
      if (!(trouble instanceof ApiProblem)) throw trouble
      refused.value = wordsFor(trouble)
      tell?.(refused.value)
      return false
    } finally {
      busy.value = false
    }
  }

  return { busy, refused, run }
}
