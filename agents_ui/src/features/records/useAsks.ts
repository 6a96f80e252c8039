/** What message rules ask the one who saved, one question after the other. */
import { computed, shallowRef } from 'vue'
import type { Ask } from './api'
import type { Row } from './meta'

export function useAsks() {
  const waiting = shallowRef<Ask[]>([])
  let finish: (() => void) | null = null
  const ask = computed(() => waiting.value[0] ?? null)

  /** Asks what the answer to a write asks; resolves when every question is answered or closed. */
  function heard(saved: Row): Promise<void> {
    waiting.value = Array.isArray(saved.asks) ? (saved.asks as Ask[]) : []
    if (waiting.value.length === 0) return Promise.resolve()
    return new Promise((resolve) => (finish = resolve))
  }

  function answered(): void {
    waiting.value = waiting.value.slice(1)
    if (waiting.value.length === 0) finish?.()
  }

  return { ask, heard, answered }
}
