/** The record types that this person may see, read once per page visit and shared. */
import { shallowRef } from 'vue'
import { forgetWithPerson } from '@/api/session'
import { feed, useReload } from '@/live'
import { listTypes, showType } from './api'
import type { TypeMeta } from './meta'

const whole = new Map<string, Promise<TypeMeta>>()
forgetWithPerson(() => whole.clear())
// Runs before what asks for a type again, because it was there first.
feed.onReload(async () => whole.clear())

/** One type's full description, with what this person may do: it changes with the hub and with the person's rights. */
export function wholeType(type: string): Promise<TypeMeta> {
  const known = whole.get(type)
  if (known) return known
  const asked = showType(type)
  whole.set(type, asked)
  asked.catch(() => whole.delete(type))
  return asked
}

export function useTypes() {
  const types = shallowRef<TypeMeta[] | null>(null)
  const load = async () => void (types.value = await listTypes())
  useReload(load)
  return { types, load }
}
