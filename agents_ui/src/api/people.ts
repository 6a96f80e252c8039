/** Colleagues, departments and other records by part of their name, and names by id: for whoever has to choose one. */
import { get } from '@/api/client'
import { ApiProblem } from '@/api/problem'
import type { Page } from '@/api/types'

export interface Named {
  id: string
  title: string
}

interface AnyRow {
  id: string
  name?: unknown
  full_name?: unknown
}

const titleOf = (row: AnyRow): string => String(row.full_name ?? row.name ?? row.id)

/** At most 20 records whose name has this part. */
export async function findByName(type: string, part: string): Promise<Named[]> {
  const page = await get<Page<AnyRow>>(`/api/records/${type}`, { query: { name__contains: part.trim(), limit: 20 } })
  return page.items.map((row) => ({ id: row.id, title: titleOf(row) }))
}

/** One that is out of sight keeps its id. */
export async function nameThem(type: string, ids: string[]): Promise<Named[]> {
  return Promise.all(
    ids.map(async (id) => {
      try {
        return { id, title: titleOf(await get<AnyRow>(`/api/records/${type}/${id}`)) }
      } catch (trouble) {
        if (trouble instanceof ApiProblem && [403, 404].includes(trouble.status)) return { id, title: id }
        throw trouble
      }
    }),
  )
}
