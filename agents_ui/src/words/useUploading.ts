/** Files on their way to the hub, whatever they are for: how far each is, stopped where wanted, and what failed said in words. */
import { computed, onScopeDispose, shallowRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { uploadFile } from '@/api/files'
import { ApiProblem } from '@/api/problem'
import type { FileRef } from '@/api/types'
import { tell } from '@/kit/notify'
import { problemText } from '@/words/problem'

export interface Going {
  key: number
  name: string
  /** The part that has left, 0 to 1. */
  share: number
  stop: () => void
}

let keys = 0

export function useUploading() {
  const { t } = useI18n()
  const going = shallowRef<Going[]>([])
  const busy = computed(() => going.value.length > 0)

  /** The file as the hub knows it now; null where it was stopped or refused, of which the person was told. */
  async function upload(file: File): Promise<FileRef | null> {
    const key = (keys += 1)
    const stopping = new AbortController()
    const progress = (share: number) => (going.value = going.value.map((one) => (one.key === key ? { ...one, share } : one)))
    going.value = [...going.value, { key, name: file.name, share: 0, stop: () => stopping.abort() }]
    try {
      return await uploadFile(file, { progress, signal: stopping.signal })
    } catch (trouble) {
      if (trouble instanceof ApiProblem) tell(t('composer.uploadFailed', { name: file.name, why: problemText(trouble) }), 'error')
      else if (!stopping.signal.aborted) throw trouble
      return null
    } finally {
      going.value = going.value.filter((one) => one.key !== key)
    }
  }

  onScopeDispose(() => going.value.forEach((one) => one.stop()))

  return { going, busy, upload }
}
