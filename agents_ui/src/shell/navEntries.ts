/** Which pages stand in the navigation, and which of them a narrow screen puts behind "More". Pure. */
import type { RouteMeta } from 'vue-router'
import type { Right } from '@/api/session'

export type Nav = NonNullable<RouteMeta['nav']>

export interface Entry {
  path: string
  nav: Nav
}

/** So many a thumb can tell apart on 390 pixels, "More" beside them. */
export const MOST = 5

/** The pages that the person may open, in the order their routes ask for. */
export function entriesOf(routes: readonly { path: string; meta: RouteMeta }[], has: (right: Right) => boolean): Entry[] {
  return routes
    .flatMap(({ path, meta }) => (meta.nav && (!meta.right || has(meta.right)) ? [{ path, nav: meta.nav }] : []))
    .sort((one, other) => one.nav.order - other.nav.order)
}

/** What is shown at once, and the rest. A menu for one entry would take the place of that entry. */
export function divided(entries: readonly Entry[], narrow: boolean): { shown: Entry[]; rest: Entry[] } {
  const fits = !narrow || entries.length <= MOST + 1
  return fits ? { shown: [...entries], rest: [] } : { shown: entries.slice(0, MOST), rest: entries.slice(MOST) }
}
