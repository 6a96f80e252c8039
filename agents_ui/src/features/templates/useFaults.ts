/** The faults of some texts, asked for while somebody types, once after each pause. */
import { onScopeDispose, shallowRef, watch } from 'vue'
import { ApiProblem } from '@/api/problem'
import { checkTexts, type Fault, type Texts } from './api'

/** Milliseconds. */
const PAUSE = 400

export function useFaults(texts: () => Texts, type: () => string | null) {
  const faults = shallowRef<Fault[]>([])
  let turn = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  async function ask() {
    turn += 1
    const mine = turn
    try {
      const found = await checkTexts(texts(), type())
      if (mine === turn) faults.value = found
    } catch (trouble) {
      if (!(trouble instanceof ApiProblem)) throw trouble
      if (mine === turn) faults.value = []
    }
  }

  watch([texts, type], () => {
    clearTimeout(timer)
    timer = setTimeout(() => void ask(), PAUSE)
  }, { deep: true })
  onScopeDispose(() => clearTimeout(timer))

  const of = (part: 'subject' | 'text' | 'html') => faults.value.filter((fault) => fault.part === part)
  return { faults, of }
}
