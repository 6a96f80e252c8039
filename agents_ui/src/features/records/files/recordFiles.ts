/** What the fields of one form share about files: what is known of each, and whether any is still on its way. */
import { computed, inject, provide, shallowReactive, shallowRef, type InjectionKey, type Ref } from 'vue'
import type { FileFacts } from '../meta'

interface RecordFiles {
  /** Of the files that the record names, and of those uploaded since. */
  known: (id: string) => FileFacts | null
  learn: (id: string, facts: FileFacts) => void
  /** One more (1) or one less (-1) is under way. */
  count: (by: 1 | -1) => void
}

const KEY: InjectionKey<RecordFiles> = Symbol('files of the record')

/** For the form: `waiting` while a file is on its way. */
export function provideRecordFiles(told: Ref<Record<string, FileFacts>>) {
  const fresh = shallowReactive(new Map<string, FileFacts>())
  const under = shallowRef(0)
  provide(KEY, {
    known: (id) => told.value[id] ?? fresh.get(id) ?? null,
    learn: (id, facts) => void fresh.set(id, facts),
    count: (by) => void (under.value += by),
  })
  return { waiting: computed(() => under.value > 0) }
}

export function useRecordFiles(): RecordFiles {
  const files = inject(KEY)
  if (!files) throw new Error('a file field stands in no form')
  return files
}
