/** What the forms here share: one sending at a time, and what the hub refuses, in words. */
import { ref } from 'vue'
import { ApiProblem } from '@/api/problem'
import { problemText } from '@/words/problem'

export function useForm() {
  const busy = ref(false)
  const refused = ref('')

  async function send(act: () => Promise<void>): Promise<void> {
    if (busy.value) return
    busy.value = true
    refused.value = ''
    try {
      await act()
    } catch (trouble) {
      if (!(trouble instanceof ApiProblem)) throw trouble
      refused.value = problemText(trouble)
    } finally {
      busy.value = false
    }
  }

  return { busy, refused, send }
}

/** What a field for a local time holds, as the hub takes it; null where it is empty. */
export const momentOf = (local: string): string | null => (local ? new Date(local).toISOString() : null)
