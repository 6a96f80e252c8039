/** Conversations and records by words, while somebody types: the newest question wins. */
import { onScopeDispose, shallowRef, watch, type Ref } from 'vue'
import { get } from '@/api/client'
import { ApiProblem } from '@/api/problem'
import type { Hit } from '@/api/types'

const PAUSE = 220

export function useFound(words: Ref<string>) {
  const hits = shallowRef<Hit[]>([])
  const looking = shallowRef(false)
  let asked: AbortController | null = null
  let timer: ReturnType<typeof setTimeout> | undefined

  async function ask(q: string): Promise<void> {
    const mine = new AbortController()
    asked = mine
    try {
      hits.value = (await get<{ items: Hit[] }>('/api/search', { query: { q, limit: 8 }, signal: mine.signal })).items
    } catch (trouble) {
      if (trouble instanceof DOMException && trouble.name === 'AbortError') return
      if (!(trouble instanceof ApiProblem)) throw trouble
      hits.value = [] // the commands are there all the same; the search page says why
    } finally {
      if (asked === mine) looking.value = false
    }
  }

  watch(words, (now) => {
    clearTimeout(timer)
    asked?.abort()
    const q = now.trim()
    looking.value = q.length > 1
    if (q.length > 1) timer = setTimeout(() => void ask(q), PAUSE)
    else hits.value = []
  })
  onScopeDispose(() => {
    clearTimeout(timer)
    asked?.abort()
  })
  return { hits, looking }
}

export function placeOf(hit: Hit): string {
  if (hit.kind === 'record') return `/records/${hit.type}/${hit.id}`
  const message = hit.kind === 'message' ? `?message=${hit.id}` : ''
  return `/inbox/${hit.conversation ?? hit.id}${message}`
}
