/** What the hub tells consoles: each event's name and the shape of its `data`, from the hub's own description. */
import type { webhooks } from '@/api/schema'
import type { Message, PersonRef } from '@/api/types'

/** A name that the hub does not know is a type error here. */
type DataOf<N extends keyof webhooks> = NonNullable<webhooks[N]['post']['requestBody']>['content']['application/json']['data']
type WithMessage<T extends { message: object }> = Omit<T, 'message'> & { message: Message }

export interface LiveEvents {
  'message.appended': WithMessage<DataOf<'message.appended'>>
  'message.amended': WithMessage<DataOf<'message.amended'>>
  'conversation.changed': DataOf<'conversation.changed'>
  'record.changed': DataOf<'record.changed'>
  'agent.changed': DataOf<'agent.changed'>
  'queue.changed': DataOf<'queue.changed'> | BoardNews
  'notice.raised': DataOf<'notice.raised'>
  'job.changed': DataOf<'job.changed'>
  'notice.changed': DataOf<'notice.changed'>
  'internal.changed': DataOf<'internal.changed'>
  'announcement.changed': DataOf<'announcement.changed'>
  'parameter.changed': DataOf<'parameter.changed'>
  'home.changed': DataOf<'home.changed'>
  'call.ringing': DataOf<'call.ringing'>
  'call.changed': DataOf<'call.changed'>
  'call.answered': DataOf<'call.answered'>
  'call.ended': DataOf<'call.ended'>
  'call.supervised': DataOf<'call.supervised'>
  'callback.changed': DataOf<'callback.changed'>
  /** Everybody who has the conversation open now. */
  watching: { conversation: string; users: PersonRef[] }
  typing: { conversation: string; user: PersonRef; on: boolean }
  /** One's own unsent draft was written or dropped, perhaps in another browser. */
  draft: { conversation: string; revision: number; on: boolean }
}

/** What goes on in a queue has changed, for the live board: from one revision to the next. Without a place in the stream. */
export interface BoardNews {
  board: true
  queue: string
  gone?: true
  revision?: number
  before?: number
}

export function isOfBoard(data: LiveEvents['queue.changed']): data is BoardNews {
  return 'board' in data
}

export type LiveName = keyof LiveEvents

/** How an event travels; `seq` is its place in the stream, `at` when it was stored (UTC). */
export interface Wire<T> {
  seq: number | null
  at: string
  data: T
}

/** What the hub says about the connection itself. These travel bare, without a place in the stream. */
export interface Ready {
  seq: number
}

export interface Stale {
  /** Where to go on from once everything was read again. */
  seq: number
  why: string
}

export interface Closing {
  why: string
  /** Seconds to stay away; null when the sign-in has ended and nobody should come back. */
  wait_s: number | null
}

export type ConversationGone = Extract<LiveEvents['conversation.changed'], { id: string }>

export function isGone(data: LiveEvents['conversation.changed']): data is ConversationGone {
  return 'gone' in data
}
