/** What a call has beside its words, and what supervisors press: comes, with its words, when the first call is on screen. */
import { part } from '@/live/fetched'
import { wordsOf } from '@/words'

export const CallAround = part(async () => {
  const [page] = await Promise.all([import('./CallAround.vue'), wordsOf('recordings')])
  return page
})

export const CallSupervision = part(async () => {
  const [page] = await Promise.all([import('./CallSupervision.vue'), wordsOf('recordings')])
  return page
})
