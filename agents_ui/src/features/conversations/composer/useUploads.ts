/** Files on their way into a message that is being written. */
import { shallowRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { ApiProblem } from '@/api/problem'
import type { FileRef } from '@/api/types'
import { tell } from '@/kit/notify'
import { problemText } from '@/words/problem'
import { uploadFile } from '../api'

export function useUploads() {
  const { t } = useI18n()
  const files = shallowRef<FileRef[]>([])
  const under = shallowRef(0)
  const busy = shallowRef(false)

  async function add(file: File): Promise<void> {
    busy.value = true
    under.value += 1
    try {
      files.value = [...files.value, await uploadFile(file)]
    } catch (trouble) {
      if (!(trouble instanceof ApiProblem)) throw trouble
      tell(t('composer.uploadFailed', { name: file.name, why: problemText(trouble) }), 'error')
    } finally {
      under.value -= 1
      busy.value = under.value > 0
    }
  }

  /** The ids for the message; the next one begins without any. */
  function take(): string[] {
    const ids = files.value.map((file) => file.id)
    files.value = []
    return ids
  }

  const remove = (id: string) => (files.value = files.value.filter((file) => file.id !== id))

  return { files, busy, add, take, remove }
}
