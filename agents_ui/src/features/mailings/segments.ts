/** Filters of a segment as one line, so that they can be typed, read and copied: `level=ID; name__contains=Ltd`. */
import type { SegmentKind } from './api'

export const KINDS: SegmentKind[] = ['customers', 'contacts', 'employees', 'users', 'suppliers']

/** `name__contains=Ltd; level=ID`: one filter after the other. */
export function writeFilters(filters: Record<string, string>): string {
  return Object.entries(filters).map(([name, value]) => `${name}=${value}`).join('; ')
}

/** What has no `=` is no filter and is left out. */
export function readFilters(text: string): Record<string, string> {
  const pairs = text.split(';').map((part) => part.trim()).filter((part) => part.includes('='))
  return Object.fromEntries(pairs.map((part) => [part.slice(0, part.indexOf('=')).trim(), part.slice(part.indexOf('=') + 1).trim()]))
}

/** One address per line, or with commas outside of names. */
export function readAddresses(text: string): string[] {
  return text.split(/[\n,;]+/).map((part) => part.trim()).filter(Boolean)
}
