import type { Conversation, Party } from '@/api/types'

export const nameOf = (party: Party): string => party.name || party.address

/** Who the conversation is with: everybody but ourselves. */
export function whoOf(conversation: Conversation): string {
  const others = conversation.parties.filter((party) => party.kind === 'contact' || party.kind === 'unknown')
  return others.map(nameOf).join(', ')
}
