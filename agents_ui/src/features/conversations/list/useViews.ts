/** The saved views of a person: their own and those shared with them. */
import { computed, shallowRef } from 'vue'
import { ApiProblem } from '@/api/problem'
import type { SavedView } from '@/api/types'
import { useReload } from '@/live'
import { changeView, createView, listViews, removeView, type ViewFields } from '../api'
import { viewOf, type View } from './view'

export function useViews() {
  const views = shallowRef<SavedView[]>([])
  const asViews = computed<ReadonlyMap<string, View>>(() => new Map(views.value.map((one) => [one.id, viewOf(one.filters, one.id)])))

  async function load(): Promise<void> {
    try {
      views.value = (await listViews()).items
    } catch (trouble) {
      if (!(trouble instanceof ApiProblem)) throw trouble // the inbox works without them; the next reading brings them
    }
  }

  async function save(fields: ViewFields, known: SavedView | null): Promise<SavedView> {
    const done = known ? await changeView(known.id, known.revision, fields) : await createView(fields)
    await load()
    return done
  }

  async function drop(view: SavedView): Promise<void> {
    await removeView(view.id)
    await load()
  }

  useReload(load)
  void load()
  return { views, asViews, save, drop }
}
