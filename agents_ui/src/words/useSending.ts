/**
 * A form that is sent: busy while it is, with the hub's refusal and its words for each field. Where no answer came, the same
 * key goes along with the next try, so that nothing is done twice.
 */
import { ref, shallowRef } from 'vue'
import { newKey } from '@/api/client'
import { ApiProblem } from '@/api/problem'
import { faultAt } from '@/words/problem'

export function useSending() {
  const busy = ref(false)
  const refused = shallowRef<ApiProblem | null>(null)

  let key = newKey()

  /** True where the act was done. */
  async function send(act: (key: string) => Promise<unknown>): Promise<boolean> {
    busy.value = true
    refused.value = null
    try {
      await act(key)
      key = newKey()
      return true
    } catch (trouble) {
      if (!(trouble instanceof ApiProblem)) throw trouble
      refused.value = trouble
      if (trouble.status >= 400 && trouble.status < 500) key = newKey()
      return false
    } finally {
      busy.value = false
    }
  }

  const fieldError = (path: string) => faultAt(refused.value, path)
  return { busy, refused, send, fieldError }
}
