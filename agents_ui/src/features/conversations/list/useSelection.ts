/** Which rows of a list are chosen; a range goes from the last one chosen. */
import { computed, shallowRef, type Ref } from 'vue'

export function useSelection(order: Ref<readonly string[]>) {
  const chosen = shallowRef<ReadonlySet<string>>(new Set())
  let last: string | null = null

  function toggle(id: string, range = false): void {
    const next = new Set(chosen.value)
    const on = !next.has(id)
    for (const one of range && last ? between(last, id) : [id]) {
      if (on) next.add(one)
      else next.delete(one)
    }
    chosen.value = next
    last = id
  }

  function between(from: string, to: string): string[] {
    const [one, other] = [order.value.indexOf(from), order.value.indexOf(to)]
    if (one < 0 || other < 0) return [to]
    return order.value.slice(Math.min(one, other), Math.max(one, other) + 1)
  }

  const all = () => (chosen.value = new Set(order.value))

  function none(): void {
    chosen.value = new Set()
    last = null
  }

  const whole = computed(() => order.value.length > 0 && order.value.every((id) => chosen.value.has(id)))
  return { chosen, whole, toggle, all, none }
}
