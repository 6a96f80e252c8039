/** When a call list calls again, and at which hours it may call: as a form, and as the hub takes it; pure. */
import type { CallList } from './api'

/** What the PBX may say of a call; the house's own outcomes come beside. */
export const BY_PBX = ['no_answer', 'busy', 'failed', 'rejected'] as const
export const MOST_RETRIES = 40

export interface RetryRow {
  outcome: string
  after_min: number
  most: number
}

/** `usual`: the hub's own rules, which only a new list has. `days`: 1 = Monday. */
export interface Rules {
  usual: boolean
  retries: RetryRow[]
  limited: boolean
  zone: string
  days: number[]
  from: string
  until: string
}

export type RulesOut = Partial<Pick<CallList, 'retries' | 'hours'>>

/** The rules of a list; without one, those that a new list begins with. */
export function rulesOf(list: Pick<CallList, 'retries' | 'hours'> | null): Rules {
  const hours = list?.hours
  return {
    usual: list === null,
    retries: Object.entries(list?.retries ?? {}).map(([outcome, rule]) => ({ outcome, after_min: rule.after_min, most: rule.most })),
    limited: Boolean(hours),
    zone: hours?.zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
    days: hours?.days ?? [1, 2, 3, 4, 5],
    from: hours?.from ?? '09:00',
    until: hours?.until ?? '18:00',
  }
}

/** As it is sent: the usual rules by leaving them out, no limit by null. */
export function rulesOut(form: Rules): RulesOut {
  const { zone, from, until } = form
  const hours = form.limited ? { zone, days: [...form.days].sort((one, other) => one - other), from, until } : null
  if (form.usual) return { hours }
  return { hours, retries: Object.fromEntries(form.retries.map(({ outcome, after_min, most }) => [outcome, { after_min, most }])) }
}

/** Why it cannot be sent yet: a key of words, or nothing. */
export function faultOf(form: Rules): 'noDay' | 'order' | null {
  if (!form.limited) return null
  if (form.days.length === 0) return 'noDay'
  return form.from < form.until ? null : 'order'
}
