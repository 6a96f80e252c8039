/** The report that the address asks for; the address is the shareable truth. */
import { computed, onMounted, shallowRef, watch } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { ApiProblem } from '@/api/problem'
import { markReady } from '@/kit/ready'
import { readReport, type By, type Report, type ReportQuery } from './api'
import { dayText } from './clock'

export const GROUPS: By[] = ['queue', 'agent', 'hour', 'day', 'outcome', 'transfer', 'code']
export const DIRECTIONS: ReportQuery['direction'][] = ['inbound', 'outbound', 'internal']
const WEEK = 6 * 86_400_000

const one = <T extends string>(value: unknown, known: readonly T[], usual: T): T => known.find((each) => each === value) ?? usual
const text = (value: unknown, usual: string): string => (typeof value === 'string' && value ? value : usual)

export function useReport() {
  const route = useRoute()
  const router = useRouter()
  const report = shallowRef<Report | null>(null)
  const problem = shallowRef<ApiProblem | null>(null)
  const query = computed<ReportQuery>(() => ({
    by: one(route.query.by, GROUPS, 'queue'),
    from: text(route.query.from, dayText(new Date(Date.now() - WEEK))),
    to: text(route.query.to, dayText(new Date())),
    queue: text(route.query.queue, ''),
    direction: one(route.query.direction, DIRECTIONS, 'inbound'),
  }))
  let turn = 0

  async function load() {
    const mine = ++turn
    try {
      const answer = await readReport(query.value)
      if (mine !== turn) return
      report.value = answer
      problem.value = null
    } catch (trouble) {
      if (!(trouble instanceof ApiProblem)) throw trouble
      if (mine === turn) problem.value = trouble
    }
  }

  const ask = (change: Partial<ReportQuery>) => void router.replace({ query: { ...query.value, ...change } })
  watch(query, (now, before) => {
    if (JSON.stringify(now) !== JSON.stringify(before)) void load()
  })
  onMounted(async () => {
    await load()
    markReady()
  })
  return { query, report, problem, load, ask }
}
