/** The own seat at a progressive list: said again every few seconds, so that the hub knows that somebody is there. */
import { computed, onMounted, onScopeDispose, ref, shallowRef } from 'vue'
import { ApiProblem } from '@/api/problem'
import { problemText } from '@/words/problem'
import { leaveSeat, sit, skipEntry, type Seat } from './api'

const EVERY_MS = 2000
const TICK_MS = 250

export function useSeat(list: string, moved: () => void) {
  const seat = shallowRef<Seat | null>(null)
  const problem = ref('')
  const busy = ref(false)
  const now = ref(Date.now())
  /** When the hub dials, by this machine's clock. */
  const dialsAt = ref<number | null>(null)
  const left = computed(() => (dialsAt.value === null ? null : Math.max(0, Math.ceil((dialsAt.value - now.value) / 1000))))
  /** Counts the answers that were asked for: one that was overtaken is dropped. */
  let turn = 0

  async function ask(question: () => Promise<Seat>): Promise<void> {
    const mine = (turn += 1)
    try {
      const found = await question()
      if (mine !== turn) return
      if (found.entry?.id !== seat.value?.entry?.id) moved()
      seat.value = found
      dialsAt.value = found.dials_in_s === null ? null : Date.now() + found.dials_in_s * 1000
      problem.value = ''
    } catch (trouble) {
      if (!(trouble instanceof ApiProblem)) throw trouble
      if (mine === turn) problem.value = problemText(trouble)
    }
  }

  async function act(question: () => Promise<Seat>): Promise<void> {
    busy.value = true
    await ask(question)
    busy.value = false
  }

  const look = () => ask(() => sit(list, null))
  const ready = () => act(() => sit(list, 'ready'))
  const pause = () => act(() => sit(list, 'paused'))
  const skip = (entry: string) => act(() => skipEntry(list, entry))

  const beat = setInterval(() => void (busy.value || look()), EVERY_MS)
  const tick = setInterval(() => (now.value = Date.now()), TICK_MS)
  onMounted(look)
  onScopeDispose(() => {
    clearInterval(beat)
    clearInterval(tick)
    turn += 1
    // Whom the hub does not hear of any more loses the seat anyway, a little later.
    void leaveSeat(list).catch((trouble: unknown) => {
      if (!(trouble instanceof ApiProblem)) throw trouble
    })
  })
  return { seat, problem, busy, left, look, ready, pause, skip }
}
