/** One plan under edit: what is kept, what the person made of it, and what the hub and the PBX say. */
import { computed, ref, shallowRef, type Ref } from 'vue'
import { faultText } from '@/words/problem'
import { useSending } from '@/words/useSending'
import { useAsked } from '@/live/useAsked'
import { applyPlan, keepPlan, previewPlan, showPlan, type Applied, type Files, type KeptPlan } from './api'
import type { Plan } from './plan'

export function usePlan(account: string) {
  const kept = shallowRef<KeptPlan | null>(null)
  const draft = ref<Plan | null>(null) as Ref<Plan | null>
  const applied = shallowRef<Applied | null>(null)
  const files = shallowRef<Files | null>(null)
  const { busy, refused, send } = useSending()
  const dirty = computed(() => JSON.stringify(draft.value) !== JSON.stringify(kept.value?.plan ?? null))
  /** By the field's path in the plan. */
  const faults = computed(() => (refused.value?.fields ?? []).map((one) => ({ path: one.path.replace(/^plan\./, ''), detail: faultText(one) })))

  function take(found: KeptPlan): void {
    kept.value = found
    draft.value = structuredClone(found.plan)
  }

  const { problem, load } = useAsked(async () => {
    const found = await showPlan(account)
    if (!dirty.value) take(found) // what was typed is not lost to a reading
    return found
  })

  /** Leaves what was typed, and takes what is kept now. */
  async function readAnew(): Promise<void> {
    refused.value = null
    draft.value = kept.value ? structuredClone(kept.value.plan) : null
    await load()
  }

  function save(): Promise<boolean> {
    applied.value = null
    return send(async () => {
      if (draft.value && kept.value) take(await keepPlan(account, draft.value, kept.value.revision))
    })
  }

  function preview(): Promise<boolean> {
    return send(async () => {
      if (draft.value) files.value = await previewPlan(account, draft.value)
    })
  }

  function apply(): Promise<boolean> {
    applied.value = null
    return send(async () => {
      if (kept.value) applied.value = await applyPlan(account, kept.value.revision)
    })
  }

  return { kept, draft, applied, files, busy, refused, faults, dirty, problem, load, readAnew, save, preview, apply }
}
