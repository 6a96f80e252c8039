/** What the list shows: read from the address bar, asked of the hub, and decided for pushed rows. */
import type { LocationQuery } from 'vue-router'
import type { QueryValue } from '@/api/client'
import type { Conversation, ConversationState } from '@/api/types'

export const SCOPES = ['mine', 'unassigned', 'all'] as const
export const STATES = ['active', 'open', 'pending', 'snoozed', 'closed', 'any'] as const
export const CHANNELS = ['telephony', 'email', 'sms', 'im', 'discussion', 'microblog', 'approval'] as const
export type Scope = (typeof SCOPES)[number]
type Choice = (typeof STATES)[number]

export interface View {
  scope: Scope
  /** `active` is what still needs somebody: open or pending. */
  state: Choice
  channel: string
  queue: string
  q: string
}

const DEFAULT: View = { scope: 'all', state: 'active', channel: '', queue: '', q: '' }

function oneOf<T extends string>(value: unknown, allowed: readonly T[], otherwise: T): T {
  return allowed.find((one) => one === value) ?? otherwise
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

export function readView(query: LocationQuery): View {
  return {
    scope: oneOf(query.view, SCOPES, DEFAULT.scope),
    state: oneOf(query.state, STATES, DEFAULT.state),
    channel: textOf(query.channel),
    queue: textOf(query.queue),
    q: textOf(query.q),
  }
}

/** The address of a view; what is as usual is left out. */
export function writeView(view: View): Record<string, string> {
  const all = { view: view.scope, state: view.state, channel: view.channel, queue: view.queue, q: view.q }
  const usual: Record<string, string> = { view: DEFAULT.scope, state: DEFAULT.state }
  return Object.fromEntries(Object.entries(all).filter(([name, value]) => value && value !== usual[name]))
}

function statesOf(choice: Choice): ConversationState[] {
  if (choice === 'active') return ['open', 'pending']
  return choice === 'any' ? [] : [choice]
}

/** The view as the hub's query. */
export function askFor(view: View): Record<string, QueryValue> {
  const assignee = { mine: 'me', unassigned: 'none', all: undefined }[view.scope]
  return {
    state: statesOf(view.state).join(','),
    channel: view.channel,
    queue: view.queue,
    assignee,
    q: view.q,
  }
}

/**
 * Whether a conversation belongs to the view, for fetched and pushed rows alike. Words are left out: the hub searches
 * whole messages, of which a row shows one line.
 */
export function fits(view: View, me: string, row: Conversation): boolean {
  const states = statesOf(view.state)
  if (states.length > 0 && !states.includes(row.state)) return false
  if (view.channel && !row.channels.includes(view.channel)) return false
  if (view.queue && row.queue !== view.queue) return false
  if (view.scope === 'mine') return row.assignee?.id === me
  return view.scope === 'all' || row.assignee === null
}

/** Newest activity first, by place in the stream: the hub's own order. The id decides between equals. */
export function compare(one: Conversation, other: Conversation): number {
  if (other.last_seq !== one.last_seq) return other.last_seq - one.last_seq
  return one.id < other.id ? 1 : -1
}
