/** The record types that this person may see, read once per page visit and shared. */
import { shallowRef } from 'vue'
import { forgetWithPerson } from '@/api/session'
import { listTypes, showType } from './api'
import type { TypeMeta } from './meta'

const whole = new Map<string, Promise<TypeMeta>>()
forgetWithPerson(() => whole.clear())

/** One type's full description. It changes only when the hub does, which reloads the console. */
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
  return { types, load }
}
