/** Files on their way into a message that is being written. */
import { shallowRef } from 'vue'
import type { FileRef } from '@/api/types'
import { useUploading } from '@/words/useUploading'

export function useUploads() {
  const { busy, upload } = useUploading()
  const files = shallowRef<FileRef[]>([])

  async function add(file: File): Promise<void> {
    const kept = await upload(file)
    if (kept) files.value = [...files.value, kept]
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
