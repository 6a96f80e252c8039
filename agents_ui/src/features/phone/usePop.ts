/** The call of this person's phone, desk or browser, as the hub tells it. */
import { nextTick, shallowRef, type Ref } from 'vue'
import { ApiProblem } from '@/api/problem'
import { useLive, useReload } from '@/live'
import { liveCalls, type Call } from './api'
import { popOf, popOfLive, stageOf, withCall, type Pop } from './pops'

const painted = () => new Promise<void>((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))

export function usePop(extension: Ref<string | null>, rang: () => void) {
  const pop = shallowRef<Pop | null>(null)

  const change = (call: Call) => {
    if (extension.value) pop.value = withCall(pop.value, call, extension.value)
  }

  async function stamp(shown: Pop) {
    await nextTick()
    await painted()
    if (pop.value?.call.call !== shown.call.call || !pop.value.stamps) return
    pop.value = { ...pop.value, stamps: { ...pop.value.stamps, painted: Date.now() } }
  }

  useLive('call.ringing', (data, wire) => {
    if (data.extension !== extension.value) return
    const here = pop.value
    if (here && here.call.call !== data.call.call && stageOf(here.call, data.extension) === 'talking') return
    pop.value = popOf(data, wire.at, Date.now())
    rang()
    void stamp(pop.value)
  })
  useLive('call.changed', (data) => change(data.call))
  useLive('call.answered', (data) => change(data.call))
  useLive('call.ended', (data) => change(data.call))

  /** What goes on already when the page opens, or was missed. */
  async function load() {
    const mine = extension.value
    if (!mine) return
    try {
      const calls = await liveCalls()
      const known = pop.value
      if (known && !calls.some((call) => call.call === known.call.call) && stageOf(known.call, mine) !== 'after') pop.value = null
      for (const call of calls) {
        const busy = ['ringing', 'talking'].includes(stageOf(call, mine))
        if (pop.value?.call.call === call.call) change(call)
        else if (busy && !pop.value) pop.value = popOfLive(call)
      }
    } catch (trouble) {
      if (!(trouble instanceof ApiProblem)) throw trouble // the next event brings it
    }
  }
  useReload(load)

  return { pop, load, close: () => (pop.value = null) }
}
