/** What can be done from here by name or key. Pages and parts of them register their commands as long as they live. */
import { computed, onScopeDispose, shallowReactive } from 'vue'

export interface Command {
  id: string
  words: string
  group: 'go' | 'act'
  /** One key (`r`), two in a row (`g 1`), or with a modifier, for the list only (`Ctrl+K`). */
  keys?: string
  run: () => unknown
}

const makers = shallowReactive(new Set<() => Command[]>())

export const commands = computed(() => [...makers].flatMap((make) => make()))

export function useCommands(make: () => Command[]): void {
  makers.add(make)
  onScopeDispose(() => makers.delete(make))
}
