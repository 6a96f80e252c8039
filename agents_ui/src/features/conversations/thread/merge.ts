/** Messages of one conversation in the order of the stream; pure. */
import type { Message } from '@/api/types'

/** What events leave out and an earlier read already brought stays; an older copy never replaces a newer one. */
function newer(before: Message, after: Message): Message {
  if ((before.revision ?? 0) > (after.revision ?? 0)) return withBodies(before, after)
  return withBodies(after, before)
}

function withBodies(front: Message, other: Message): Message {
  if (front.full_text !== undefined && !front.clipped) return front
  if (other.full_text === undefined || other.clipped) return front
  return { ...front, text: other.text, full_text: other.full_text, html: other.html ?? null, clipped: false }
}

/** The thread with these messages in it: each id once, ascending by `seq`. Messages that moved elsewhere leave. */
export function merge(conversation: string, thread: readonly Message[], incoming: readonly Message[]): Message[] {
  const byId = new Map(thread.map((message) => [message.id, message]))
  for (const message of incoming) {
    if (message.conversation !== conversation) {
      byId.delete(message.id)
      continue
    }
    const before = byId.get(message.id)
    byId.set(message.id, before ? newer(before, message) : message)
  }
  return [...byId.values()].sort((one, other) => one.seq - other.seq)
}
