/** What an answer by mail may have beside its words: receivers, a forwarded message, a time to go. Pure. */
import type { Draft, DraftFields, Message, MessageOptions } from '@/api/types'

export interface Options {
  /** Empty = the usual one. */
  subject: string
  replyAll: boolean
  to: string
  cc: string
  bcc: string
  forward: Message | null
  forwardAs: 'inline' | 'attached'
  /** Local time as the browser's own control writes it; empty = at once. */
  sendAt: string
}

export const noOptions = (): Options => ({ subject: '', replyAll: false, to: '', cc: '', bcc: '', forward: null, forwardAs: 'inline', sendAt: '' })

/** Addresses as people write them: divided by commas, semicolons or lines; a name in quotes may hold any of them. */
export function addressesOf(text: string): string[] {
  const parts = text.match(/(?:"(?:[^"\\]|\\.)*"|[^,;，；\n"])+/g) ?? []
  return parts.map((part) => part.trim()).filter(Boolean)
}

/** For the hub: only what differs from a plain answer. A planned message needs no time to be taken back. */
export function asked(options: Options): MessageOptions {
  const planned = options.sendAt !== ''
  return {
    ...(options.subject.trim() ? { subject: options.subject.trim() } : {}),
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
    subject: message.subject ?? '',
    replyAll: message.reply_all ?? false,
    to: (message.to ?? []).join(', '),
    cc: (message.cc ?? []).join(', '),
    bcc: (message.bcc ?? []).join(', '),
    forward,
    forwardAs: message.forward_as ?? 'inline',
  }
}

type Kept = Pick<Draft, 'subject' | 'to' | 'cc' | 'bcc' | 'reply_all' | 'forward_of' | 'forward_as' | 'send_at'>

/** As a draft keeps them: the forwarded message by its id, half an address as it was typed. */
export function keptOptions(options: Options): Pick<DraftFields, keyof Kept> {
  return {
    subject: options.subject,
    to: addressesOf(options.to),
    cc: addressesOf(options.cc),
    bcc: addressesOf(options.bcc),
    reply_all: options.replyAll,
    forward_of: options.forward?.id ?? null,
    forward_as: options.forwardAs,
    send_at: options.sendAt ? new Date(options.sendAt).toISOString() : null,
  }
}

const inOneLine = (addresses: string[] | undefined): string => (addresses ?? []).join(', ')

/** The other way round; `forward` is the message that the draft names, or null where it is out of sight by now. */
export function optionsOfDraft(draft: Partial<Kept>, forward: Message | null): Options {
  return {
    subject: draft.subject ?? '',
    replyAll: draft.reply_all ?? false,
    to: inOneLine(draft.to),
    cc: inOneLine(draft.cc),
    bcc: inOneLine(draft.bcc),
    forward,
    forwardAs: draft.forward_as ?? 'inline',
    sendAt: draft.send_at ? localTime(draft.send_at) : '',
  }
}

/** `2026-11-24T09:00`, by this browser's clock. */
export function localTime(at: string): string {
  const time = new Date(at)
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

/** Options that are worth keeping without a word of text. */
export const saysSomething = (options: Options): boolean =>
  [options.subject, options.to, options.cc, options.bcc].some((text) => text.trim() !== '') || options.forward !== null

/** Whether a message went to more people than its writer and us: then answering all is worth offering. */
export const hasCompany = (last: Message | undefined): boolean => (last ? last.to.length + last.cc.length > 1 : false)
