/** The canned answers of a person, read when the first is asked for and again after a while. */
import { shallowRef } from 'vue'
import { get } from '@/api/client'
import { ApiProblem } from '@/api/problem'
import { forgetWithPerson } from '@/api/session'
import type { CannedAnswer, Page } from '@/api/types'

const FRESH_FOR = 30_000
const answers = shallowRef<CannedAnswer[]>([])
let readAt = 0

forgetWithPerson(() => {
  answers.value = []
  readAt = 0
})

async function read(): Promise<void> {
  if (Date.now() - readAt < FRESH_FOR) return
  readAt = Date.now()
  try {
    answers.value = (await get<Page<CannedAnswer>>('/api/canned')).items
  } catch (trouble) {
    readAt = 0
    if (!(trouble instanceof ApiProblem)) throw trouble // the list stays shut; the next mark asks again
  }
}

export function useCanned() {
  return { answers, read }
}
