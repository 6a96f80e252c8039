/** Departments in the order of their tree, each with its depth. Pure. */
import type { DepartmentRow } from './api'

export interface Placed extends DepartmentRow {
  depth: number
}

/** One whose parent is out of sight stands at the top; a ring, which the hub refuses, loses nobody. */
export function inTree(rows: DepartmentRow[]): Placed[] {
  const known = new Set(rows.map((row) => row.id))
  const under = new Map<string, DepartmentRow[]>()
  for (const row of rows) {
    const parent = row.parent && known.has(row.parent) ? row.parent : ''
    under.set(parent, [...(under.get(parent) ?? []), row])
  }
  const placed: Placed[] = []
  const seen = new Set<string>()
  const walk = (row: DepartmentRow, depth: number): void => {
    if (seen.has(row.id)) return
    seen.add(row.id)
    placed.push({ ...row, depth })
    for (const below of under.get(row.id) ?? []) walk(below, depth + 1)
  }
  for (const row of [...(under.get('') ?? []), ...rows]) walk(row, 0)
  return placed
}
