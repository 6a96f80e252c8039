/** What is wrong in a plan, told at the field it names: the page provides it, each field takes its own. */
import { computed, inject, provide, type ComputedRef, type InjectionKey, type Ref } from 'vue'
import type { Plan } from './plan'

export interface Fault {
  path: string
  detail: string
}

const FAULTS: InjectionKey<Ref<Fault[]>> = Symbol('faults')
const PLAN: InjectionKey<Ref<Plan | null>> = Symbol('plan')

export function providePlan(plan: Ref<Plan | null>, faults: Ref<Fault[]>): void {
  provide(PLAN, plan)
  provide(FAULTS, faults)
}

/** The names of one part of the plan, to be led to. */
export function useNames(part: () => keyof Plan): ComputedRef<string[]> {
  const plan = inject(PLAN)
  return computed(() => Object.keys(plan?.value?.[part()] ?? {}).sort())
}

/** What is wrong at a path, or below it where `deep`. */
export function useFault(path: () => string, deep = true): ComputedRef<string> {
  const faults = inject(FAULTS)
  const isHere = (one: Fault) => one.path === path() || (deep && one.path.startsWith(`${path()}.`))
  return computed(() => (faults?.value ?? []).filter(isHere).map((one) => one.detail).join(' '))
}
