/**
 * Counts of the views. What the console can work out from its events it does at once; what it cannot it asks the hub
 * for, a few seconds later, once for a burst, and never while nobody looks. So the hub counts when somebody asks, not
 * once per event, view and console.
 */
import { onScopeDispose, shallowRef, triggerRef, watch, type Ref } from 'vue'
import { ApiProblem } from '@/api/problem'
import { useSession } from '@/api/session'
import type { Conversation } from '@/api/types'
import { feed, useLive, useReload } from '@/live'
import { isGone } from '@/live/events'
import { countViews } from '../api'
import { ViewCounts, type Fits } from './counts'
import { DEFAULT, SCOPES, fits, type View } from './view'

/** Milliseconds until the hub is asked: where a number is known to be wrong, and to mend what may have drifted. */
const SOON = 4000
const MENDING = 60_000

export function useCounts(saved: Ref<ReadonlyMap<string, View>>) {
  const { user } = useSession()
  const eyes = () => user.value ?? { id: '', queues: [] }
  const fitsOf = (view: View): Fits => (row) => fits(view, eyes(), row)
  const views = () =>
    new Map<string, Fits>([
      ...SCOPES.map((scope): [string, Fits] => [scope, fitsOf({ ...DEFAULT, scope })]),
      ...[...saved.value].map(([id, view]): [string, Fits] => [id, fitsOf(view)]),
    ])
  const counts = shallowRef(new ViewCounts(views()))
  let timer: ReturnType<typeof setTimeout> | null = null
  let due = Infinity

  async function read(): Promise<void> {
    try {
      const answer = await countViews([...SCOPES, ...saved.value.keys()])
      counts.value.read(answer.views, answer.cap)
      triggerRef(counts)
    } catch (trouble) {
      if (!(trouble instanceof ApiProblem)) throw trouble // no number is no reason to disturb
    }
  }

  function later(wait: number): void {
    const at = Date.now() + wait
    if (at >= due) return
    if (timer) clearTimeout(timer)
    due = at
    timer = setTimeout(run, wait * (1 + Math.random() / 2))
  }

  function run(): void {
    timer = null
    if (document.hidden) return
    due = Infinity
    void read()
  }

  const woken = () => {
    if (!document.hidden && due !== Infinity && timer === null) run()
  }
  document.addEventListener('visibilitychange', woken)

  function moved(exact: boolean): void {
    triggerRef(counts)
    later(exact ? MENDING : SOON)
  }

  useLive('message.appended', (data) => moved(counts.value.pushed(data.conversation)))
  useLive('conversation.changed', (data) => moved(isGone(data) ? counts.value.left(data.id) : counts.value.pushed(data.conversation)))
  useReload(read)
  watch(saved, () => {
    counts.value.watch(views())
    later(0)
  })
  onScopeDispose(() => {
    document.removeEventListener('visibilitychange', woken)
    if (timer) clearTimeout(timer)
  })

  const saw = (rows: Conversation[]) => rows.forEach((row) => counts.value.saw(row))
  /** What a badge shows; empty where the number is not known. */
  const shown = (key: string): string => {
    const number = counts.value.numbers.get(key) ?? null
    return number === null ? '' : number >= 1000 ? '999+' : String(number)
  }

  void feed.settled().then(read)
  return { counts, saw, shown }
}
