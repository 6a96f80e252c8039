/** The record types that this person may see, as far as the panel needs them. */
import { shallowRef } from 'vue'
import { get } from '@/api/client'
import { ApiProblem } from '@/api/problem'
import { forgetWithPerson } from '@/api/session'

export interface TypeHead {
  key: string
  label: { zh: string; en: string }
  /** The field that a record is called by. */
  title: string
  kind: string
  actions: string[]
}

const types = shallowRef<TypeHead[]>([])
forgetWithPerson(() => (types.value = []))

export async function readTypes(): Promise<void> {
  if (types.value.length > 0) return
  try {
    types.value = (await get<{ items: TypeHead[] }>('/api/record-types')).items
  } catch (trouble) {
    if (!(trouble instanceof ApiProblem)) throw trouble // nothing can be chosen then; opening again asks again
  }
}

export const useTypeHeads = () => types
