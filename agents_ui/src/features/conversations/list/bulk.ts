/** One change to many conversations, a bounded slice at a time: progress after each, and an end whenever one wants. */
import type { BulkChange, BulkItem } from '@/api/types'
import { changeMany } from '../api'

const SLICE = 50

export type Target = { ids: readonly string[] } | { view: Record<string, unknown> }

export interface Progress {
  done: number
  failed: BulkItem[]
}

/** Goes on until the end, or until `stopped` says so. @throws ApiProblem where a slice got no answer. */
export async function runBulk(
  target: Target,
  change: BulkChange,
  tell: (progress: Progress) => void,
  stopped: () => boolean,
): Promise<Progress> {
  let progress: Progress = { done: 0, failed: [] }
  for await (const items of slices(target, change)) {
    const failed = items.filter((item) => !item.done)
    progress = { done: progress.done + items.length - failed.length, failed: [...progress.failed, ...failed] }
    tell(progress)
    if (stopped()) break
  }
  return progress
}

async function* slices(target: Target, change: BulkChange): AsyncGenerator<BulkItem[]> {
  if ('ids' in target) {
    for (let at = 0; at < target.ids.length; at += SLICE) {
      yield (await changeMany({ ids: target.ids.slice(at, at + SLICE), change })).items
    }
    return
  }
  let after: string | null = null
  do {
    const answer = await changeMany({ view: target.view, after, change })
    yield answer.items
    after = answer.next
  } while (after)
}
