/** Beside which call the own phone is, and how: the PBX's word, read once for all calls on the screen and told from then on. */
import { onMounted, onScopeDispose, shallowRef } from 'vue'
import { ApiProblem } from '@/api/problem'
import { useLive, useReload } from '@/live'
import { myPhoneBeside, type PhoneBeside } from './api'

const NOWHERE: PhoneBeside = { call: null, mode: null }
const shown = shallowRef<PhoneBeside>(NOWHERE)
let users = 0

async function load(): Promise<void> {
  try {
    shown.value = await myPhoneBeside()
  } catch (trouble) {
    if (!(trouble instanceof ApiProblem)) throw trouble
    shown.value = NOWHERE
  }
}

export function useSupervising() {
  users += 1
  if (users === 1) onMounted(load)
  useLive('call.supervised', (data) => (shown.value = data.mode === null ? NOWHERE : data))
  useReload(load)
  onScopeDispose(() => (users -= 1))
  return shown
}
