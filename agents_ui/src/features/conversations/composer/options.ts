/** What an answer by mail may have beside its words: receivers, a forwarded message, a time to go. Pure. */
import type { Message, MessageOptions } from '@/api/types'

export interface Options {
  replyAll: boolean
  to: string
  cc: string
  bcc: string
  forward: Message | null
  forwardAs: 'inline' | 'attached'
  /** Local time as the browser's own control writes it; empty = at once. */
  sendAt: string
}

export const noOptions = (): Options => ({ replyAll: false, to: '', cc: '', bcc: '', forward: null, forwardAs: 'inline', sendAt: '' })

/** Addresses as people write them: divided by commas, semicolons or lines; a name in quotes may hold any of them. */
export function addressesOf(text: string): string[] {
  const parts = text.match(/(?:"(?:[^"\\]|\\.)*"|[^,;，；\n"])+/g) ?? []
  return parts.map((part) => part.trim()).filter(Boolean)
}

/** For the hub: only what differs from a plain answer. A planned message needs no time to be taken back. */
export function asked(options: Options): MessageOptions {
  const planned = options.sendAt !== ''
  return {
    ...(options.forward ? { forward_of: options.forward.id, to: addressesOf(options.to) } : {}),
    ...(options.forward && options.forwardAs === 'attached' ? { forward_as: 'attached' as const } : {}),
    ...(options.replyAll && !options.forward ? { reply_all: true } : {}),
    ...(addressesOf(options.cc).length > 0 ? { cc: addressesOf(options.cc) } : {}),
    ...(addressesOf(options.bcc).length > 0 ? { bcc: addressesOf(options.bcc) } : {}),
    ...(planned ? { send_at: new Date(options.sendAt).toISOString() } : { undo: true }),
  }
}

/** The options again, from a message that came back. The forwarded message is found by the caller. */
export function optionsOf(message: MessageOptions, forward: Message | null): Options {
  return {
    ...noOptions(),
    replyAll: message.reply_all ?? false,
    to: (message.to ?? []).join(', '),
    cc: (message.cc ?? []).join(', '),
    bcc: (message.bcc ?? []).join(', '),
    forward,
    forwardAs: message.forward_as ?? 'inline',
  }
}

/** Whether a message went to more people than its writer and us: then answering all is worth offering. */
export const hasCompany = (last: Message | undefined): boolean => (last ? last.to.length + last.cc.length > 1 : false)
