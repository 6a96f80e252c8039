/** What is known of the segments on screen: the fields that each can be filtered by, and how many it reaches. */
import { onScopeDispose, shallowRef, watch } from 'vue'
import { ApiProblem } from '@/api/problem'
import { faultText } from '@/words/problem'
import { countSegments, readType, type Segment, type SegmentCount } from './api'
import { fieldsOf, TYPE_OF, type FilterField } from './filters'

/** Milliseconds after the last change until it is counted. */
const PAUSE = 500

export function useSegments(segments: () => Segment[]) {
  const fields = shallowRef<Record<string, FilterField[]>>({})
  const counts = shallowRef<SegmentCount[]>([])
  /** What is wrong, by the place of the segment; `''` for what names none. */
  const faults = shallowRef<Record<string, string>>({})
  let timer: ReturnType<typeof setTimeout> | undefined
  let asked = 0

  async function readFields(type: string): Promise<void> {
    if (fields.value[type]) return
    fields.value = { ...fields.value, [type]: [] }
    try {
      fields.value = { ...fields.value, [type]: fieldsOf(await readType(type)) }
    } catch (trouble) {
      if (!(trouble instanceof ApiProblem)) throw trouble // a type out of sight has no fields to filter by
    }
  }

  async function count(): Promise<void> {
    const number = ++asked
    try {
      const found = segments().length > 0 ? await countSegments(segments()) : []
      if (number !== asked) return
      counts.value = found
      faults.value = {}
    } catch (trouble) {
      if (!(trouble instanceof ApiProblem)) throw trouble
      if (number !== asked) return
      counts.value = []
      faults.value = trouble.fields.length > 0
        ? Object.fromEntries(trouble.fields.map((one) => [one.path.split('.')[1] ?? '', `${one.path.split('.').at(-1) ?? ''}: ${faultText(one)}`]))
        : { '': trouble.message }
    }
  }

  watch(segments, (now) => {
    for (const segment of now) void readFields(TYPE_OF[segment.kind])
    clearTimeout(timer)
    timer = setTimeout(() => void count(), PAUSE)
  }, { immediate: true })
  onScopeDispose(() => clearTimeout(timer))

  return { fields, counts, faults }
}
