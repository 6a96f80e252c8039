/** Names of files by id, for where a value is shown as text; a file of which nothing is known any more has a word instead. */
import type { FileFacts } from '../meta'

const idsOf = (value: unknown): string[] => (Array.isArray(value) ? value : [value]).filter((one): one is string => typeof one === 'string')

export function namesOf(value: unknown, files: Record<string, FileFacts> = {}, gone = ''): Record<string, string> {
  return Object.fromEntries(idsOf(value).map((id) => [id, files[id]?.name ?? gone]))
}

/** A list as a person left it, on top of what others made of it meanwhile: what was added stays added, what was taken away stays away. */
export function merged(before: unknown, mine: unknown, theirs: unknown): string[] {
  const [old, own, now] = [idsOf(before), idsOf(mine), idsOf(theirs)]
  return [...now.filter((id) => own.includes(id) || !old.includes(id)), ...own.filter((id) => !old.includes(id) && !now.includes(id))]
}
