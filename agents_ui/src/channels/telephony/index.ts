/** What a call has beside its words, and what supervisors press: comes, with its words, when the first call is on screen. */
import { defineAsyncComponent } from 'vue'
import { wordsOf } from '@/words'

export const CallAround = defineAsyncComponent(async () => {
  const [part] = await Promise.all([import('./CallAround.vue'), wordsOf('recordings')])
  return part
})

export const CallSupervision = defineAsyncComponent(async () => {
  const [part] = await Promise.all([import('./CallSupervision.vue'), wordsOf('recordings')])
  return part
})
