/** Somebody wants to begin a conversation, from wherever they are in the console; who can do it stands on every page. */
import { shallowRef } from 'vue'

export interface WriteTo {
  /** An address, with a name where it is known: `Ada Brandt <ada@example.com>`, `+86 138 0000 0000`. */
  to?: string
  /** The record to hang on the conversation, as `TYPE:ID`. */
  record?: string
}

export const writing = shallowRef<WriteTo | null>(null)
export const writeTo = (whom: WriteTo = {}): WriteTo => (writing.value = whom)

/** An address with its name, as people write it; a name that could be taken for several stands in quotes. */
export function receiver(name: string, address: string): string {
  if (!name || name === address || !address.includes('@')) return address
  return `${/[",;<>@，；]/.test(name) ? `"${name.replaceAll(/["\\]/g, '')}"` : name} <${address}>`
}
