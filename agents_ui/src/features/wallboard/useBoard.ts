/** The live board: one read, then every diff in turn; read again where one was missed, or the connection was. */
import { computed, onMounted, onScopeDispose, ref, shallowRef, watch } from 'vue'
import { ApiProblem } from '@/api/problem'
import { markReady } from '@/kit/ready'
import { feed, useLive, useReload } from '@/live'
import { isOfBoard } from '@/live/events'
import { readBoard, type QueueBoard } from './api'
import { applyDiff, together, type BoardDiff } from './board'

export function useBoard() {
  const queues = shallowRef<QueueBoard[] | null>(null)
  const problem = shallowRef<ApiProblem | null>(null)
  /** The hub's clock, in milliseconds, renewed every second. */
  const now = ref(Date.now())
  let ahead = 0
  let reading: Promise<void> | null = null
  let again = false

  async function read(): Promise<void> {
    try {
      const board = await readBoard()
      ahead = Date.parse(board.at) - Date.now()
      tick()
      queues.value = board.queues
      problem.value = null
    } catch (trouble) {
      if (!(trouble instanceof ApiProblem)) throw trouble
      problem.value = trouble
    }
  }

  /** One read at a time; what comes meanwhile asks for one more. */
  async function load(): Promise<void> {
    if (reading) {
      again = true
      return reading
    }
    reading = read().finally(() => (reading = null))
    await reading
    if (!again) return
    again = false
    await load()
  }

  function take(diff: BoardDiff): void {
    const known = queues.value?.find((queue) => queue.queue === diff.queue)
    const after = known ? applyDiff(known, diff) : null
    if (!known || !after || reading) return void load()
    queues.value = queues.value?.map((queue) => (queue === known ? after : queue)) ?? null
  }

  function tick(): void {
    now.value = Date.now() + ahead
  }

  useLive('queue.changed', (data) => {
    if (!isOfBoard(data)) return
    if (data.gone) queues.value = queues.value?.filter((queue) => queue.queue !== data.queue) ?? null
    else take(data as BoardDiff)
  })
  useReload(load)
  // These diffs have no place in the stream and are not sent again: whatever passed while the line was down is read.
  watch(() => feed.mark.value.kind, (kind, before) => {
    if (kind === 'live' && before !== 'live' && queues.value) void load()
  })
  const timer = setInterval(tick, 1000)
  onScopeDispose(() => clearInterval(timer))
  onMounted(async () => {
    await load()
    markReady()
  })
  const all = computed(() => together(queues.value ?? []))
  return { queues, all, now, problem, load }
}
