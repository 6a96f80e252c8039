/** What the list shows: read from the address bar, asked of the hub, and decided for pushed rows. */
import type { LocationQuery } from 'vue-router'
import type { QueryValue } from '@/api/client'
import type { Conversation, ConversationState } from '@/api/types'

export const SCOPES = ['mine', 'unassigned', 'queues', 'mentions', 'all'] as const
export const STATES = ['active', 'open', 'pending', 'snoozed', 'closed', 'archived', 'any'] as const
export const CHANNELS = ['telephony', 'email', 'sms', 'im', 'discussion', 'microblog', 'approval'] as const
export const ORDERS = ['newest', 'oldest'] as const
export type Scope = (typeof SCOPES)[number]
type Choice = (typeof STATES)[number]
type Order = (typeof ORDERS)[number]

export interface View {
  scope: Scope
  /** `active` is what still needs somebody: open or pending. */
  state: Choice
  channel: string
  queue: string
  tag: string
  /** A colleague's conversations; used with the scope `all`. */
  assignee: string
  /** Only where the customer waits for an answer. */
  waiting: boolean
  order: Order
  q: string
  /** The saved view that this began as. */
  saved: string
}

/** Whose eyes: what `mine` and `queues` mean. */
export interface Eyes {
  id: string
  queues: readonly string[]
}

export const DEFAULT: View = {
  scope: 'all', state: 'active', channel: '', queue: '', tag: '', assignee: '', waiting: false, order: 'newest', q: '', saved: '',
}

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
    tag: textOf(query.tag),
    assignee: textOf(query.assignee),
    waiting: query.waiting === 'true',
    order: oneOf(query.order, ORDERS, DEFAULT.order),
    q: textOf(query.q),
    saved: textOf(query.saved),
  }
}

/** The address of a view; what is as usual is left out. */
export function writeView(view: View): Record<string, string> {
  const { scope, ...rest } = view
  const usual: Record<string, unknown> = { ...DEFAULT, view: DEFAULT.scope }
  const named = Object.entries({ view: scope, ...rest }).filter(([name, value]) => value && value !== usual[name])
  return Object.fromEntries(named.map(([name, value]) => [name, String(value)]))
}

function statesOf(choice: Choice): ConversationState[] {
  if (choice === 'active') return ['open', 'pending']
  return choice === 'any' ? [] : [choice]
}

/** The view as the hub's filter: of a list, a count, a saved view, a change to all of it. */
export function askFor(view: View): Record<string, QueryValue> {
  const assignee = { mine: 'me', unassigned: 'none', queues: view.assignee, mentions: view.assignee, all: view.assignee }[view.scope]
  return {
    state: statesOf(view.state).join(','),
    channel: view.channel,
    queue: view.queue,
    tag: view.tag,
    assignee,
    waiting: view.waiting || undefined,
    my_queues: view.scope === 'queues' || undefined,
    mentioned: view.scope === 'mentions' || undefined,
    order: view.order === DEFAULT.order ? undefined : view.order,
    q: view.q,
  }
}

/** The same without what is empty: what a saved view keeps. */
export function filtersOf(view: View): Record<string, string | number | boolean> {
  const said = Object.entries(askFor(view)).filter(([, value]) => value !== '' && value !== undefined && value !== null)
  return Object.fromEntries(said) as Record<string, string | number | boolean>
}

/** `filtersOf` turned round. Filters that the console has no place for are left to the hub. */
export function viewOf(filters: Record<string, unknown>, saved = ''): View {
  const states = textOf(filters.state)
  const assignee = textOf(filters.assignee)
  const scope: Scope =
    assignee === 'me' ? 'mine' : assignee === 'none' ? 'unassigned' : filters.my_queues ? 'queues' : filters.mentioned ? 'mentions' : 'all'
  const state = states === 'open,pending' ? 'active' : states === '' ? 'any' : oneOf(states, STATES, 'any')
  return {
    scope, state, saved,
    channel: textOf(filters.channel),
    queue: textOf(filters.queue),
    tag: textOf(filters.tag),
    assignee: scope === 'mine' || scope === 'unassigned' ? '' : assignee,
    waiting: filters.waiting === true,
    order: oneOf(filters.order, ORDERS, DEFAULT.order),
    q: textOf(filters.q),
  }
}

/**
 * Whether a conversation belongs to the view, for fetched and pushed rows alike. Words are left out: the hub searches
 * whole messages, of which a row shows one line.
 */
export function fits(view: View, eyes: Eyes, row: Conversation): boolean {
  const states = statesOf(view.state)
  if (states.length > 0 ? !states.includes(row.state) : row.state === 'archived' && !view.q) return false
  if (view.channel && !row.channels.includes(view.channel)) return false
  if (view.queue && row.queue !== view.queue) return false
  if (view.tag && !row.tags.includes(view.tag)) return false
  if (view.waiting && (row.waiting_since === null || row.state === 'closed' || row.state === 'archived')) return false
  return fitsScope(view, eyes, row)
}

function fitsScope(view: View, eyes: Eyes, row: Conversation): boolean {
  if (view.scope === 'mine') return row.assignee?.id === eyes.id
  if (view.scope === 'unassigned') return row.assignee === null
  if (view.assignee && row.assignee?.id !== view.assignee) return false
  if (view.scope === 'queues') return row.queue !== null && eyes.queues.includes(row.queue)
  return view.scope === 'all' || (row.viewers ?? []).includes(eyes.id)
}

/** Newest activity first, by place in the stream: the hub's own order. The id decides between equals. */
export function compare(one: Conversation, other: Conversation): number {
  if (other.last_seq !== one.last_seq) return other.last_seq - one.last_seq
  return one.id < other.id ? 1 : -1
}

/** The order that a view asks for. */
export const orderOf = (view: View): typeof compare => (view.order === 'oldest' ? (one, other) => compare(other, one) : compare)
