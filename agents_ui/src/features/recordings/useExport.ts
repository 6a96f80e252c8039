/** An export that the workers write: how far it is, and where the file is then. */
import { shallowRef } from 'vue'
import { newKey } from '@/api/client'
import { useLive } from '@/live'
import { exportRecordings, type Filter } from './api'

export interface Exporting { job: string; file: string; state: string; done: number; total: number | null; error: string | null }

export function useExport() {
  const exporting = shallowRef<Exporting | null>(null)

  async function begin(filter: Filter) {
    const asked = await exportRecordings(filter, newKey())
    exporting.value = { ...asked, state: 'queued', done: 0, total: null, error: null }
  }

  useLive('job.changed', ({ id, state, done, total, error }) => {
    if (exporting.value?.job === id) exporting.value = { ...exporting.value, state, done, total, error }
  })
  return { exporting, begin }
}
