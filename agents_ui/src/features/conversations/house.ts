/** Queues and colleagues, for choosing from: read once, and again when they are needed after a while. */
import { shallowRef } from 'vue'
import { get } from '@/api/client'
import { ApiProblem } from '@/api/problem'
import { forgetWithPerson } from '@/api/session'
import type { Agent, Page, Queue } from '@/api/types'

const FRESH_FOR = 60_000
const queues = shallowRef<Queue[]>([])
const agents = shallowRef<Agent[]>([])
let readAt = 0

forgetWithPerson(() => {
  queues.value = []
  agents.value = []
  readAt = 0
})

async function read(): Promise<void> {
  if (Date.now() - readAt < FRESH_FOR) return
  readAt = Date.now()
  try {
    const [some, people] = await Promise.all([get<Page<Queue>>('/api/queues'), get<Page<Agent>>('/api/agents')])
    queues.value = some.items
    agents.value = people.items
  } catch (trouble) {
    readAt = 0
    if (!(trouble instanceof ApiProblem)) throw trouble // the choice stays empty; opening it again asks again
  }
}

export const queueName = (queue: Queue, locale: string): string => (locale === 'zh-CN' && queue.name_zh) || queue.name

export function useHouse() {
  return { queues, agents, read }
}
