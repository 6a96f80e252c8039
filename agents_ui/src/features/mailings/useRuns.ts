/** The sendings of one mailing, read again every two seconds while one of them moves. */
import { onScopeDispose, shallowRef } from 'vue'
import { ApiProblem } from '@/api/problem'
import { listRuns, type Run } from './api'

const EVERY = 2000
const MOVING = new Set<Run['state']>(['running', 'planned', 'paused'])

export function useRuns(id: () => string | null) {
  const runs = shallowRef<Run[]>([])
  const problem = shallowRef<ApiProblem | null>(null)

  async function load() {
    const mailing = id()
    if (!mailing) return
    try {
      runs.value = await listRuns(mailing)
      problem.value = null
    } catch (trouble) {
      if (!(trouble instanceof ApiProblem)) throw trouble
      problem.value = trouble
    }
  }

  const timer = setInterval(() => {
    if (!document.hidden && runs.value.some((run) => MOVING.has(run.state))) void load()
  }, EVERY)
  onScopeDispose(() => clearInterval(timer))
  return { runs, problem, load }
}

/** Receivers that are dealt with, of all, in percent. */
export function percentOf(run: Run): number {
  const all = Object.values(run.counts).reduce((sum, count) => sum + count, 0)
  const left = (run.counts.waiting ?? 0) + (run.counts.queued ?? 0)
  if (all === 0) return run.state === 'done' ? 100 : 0
  return Math.floor(((all - left) / all) * 100)
}
