/** What a plan says, as the hub takes it, and what follows from it; pure. */
export type Goal = 'queue' | 'menu' | 'extension' | 'voicemail' | 'hangup'

export interface Target {
  to: Goal
  name: string
}

export interface QueuePlan {
  strategy: string
  ring_s: number
  weight: number
  wait_s: number
  greeting: string | null
  announce_position: boolean
  announce_hold_time: boolean
  announce_every_s: number
  periodic: string | null
  periodic_every_s: number
  otherwise: Target
}

/** Clock times, `closes` up to `24:00`. */
export interface Span {
  opens: string
  closes: string
}

export interface Day {
  date: string
  open: Span[]
  note: string
}

export type Weekday = (typeof WEEK)[number]

export interface Hours {
  zone: string
  week: Partial<Record<Weekday, Span[]>>
  days: Day[]
}

export interface Menu {
  prompt: string
  keys: Record<string, Target>
  timeout_s: number
  repeats: number
  invalid_prompt: string | null
  on_timeout: Target
  on_invalid: Target
}

export interface Entrance {
  open: Target
  hours: string | null
  closed: { prompt: string | null; then: Target }
}

export interface Plan {
  queues: Record<string, QueuePlan>
  hours: Record<string, Hours>
  menus: Record<string, Menu>
  numbers: Record<string, Entrance>
}

export type Part = keyof Plan
/** In the order in which a call meets them. */
export const PARTS: readonly Part[] = ['numbers', 'hours', 'menus', 'queues']
export const WEEK = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
export const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '0', '*'] as const
export const STRATEGIES = ['rrmemory', 'rrordered', 'leastrecent', 'fewestcalls', 'random', 'wrandom', 'ringall'] as const

export const workday = (): Span => ({ opens: '09:00', closes: '18:00' })
const hangUp = (): Target => ({ to: 'hangup', name: '' })

/** What is new begins with what is usual. */
export const FRESH: { [K in Part]: () => Plan[K][string] } = {
  // oxlint-disable-next-line unicorn/no-thenable -- the hub's word
  numbers: () => ({ open: hangUp(), hours: null, closed: { prompt: null, then: hangUp() } }),
  hours: () => ({
    zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    week: Object.fromEntries(WEEK.slice(0, 5).map((day) => [day, [workday()]])),
    days: [],
  }),
  menus: () => ({ prompt: '', keys: {}, timeout_s: 5, repeats: 2, invalid_prompt: null, on_timeout: hangUp(), on_invalid: hangUp() }),
  queues: () => ({
    strategy: 'rrmemory', ring_s: 15, weight: 0, wait_s: 600, greeting: null, announce_position: false, announce_hold_time: false,
    announce_every_s: 60, periodic: null, periodic_every_s: 60, otherwise: hangUp(),
  }),
}

/** A sound file, and each place that plays it. */
export interface Sound {
  file: string
  places: string[]
}

/** The announcements of a plan, by file: these the PBX must have. */
export function soundsOf(plan: Plan): Sound[] {
  const found = new Map<string, string[]>()
  const plays = (path: string, file: string | null) => file && found.set(file, [...(found.get(file) ?? []), path])
  for (const [name, one] of Object.entries(plan.numbers)) plays(`numbers.${name}.closed.prompt`, one.hours === null ? null : one.closed.prompt)
  for (const [name, one] of Object.entries(plan.menus)) {
    plays(`menus.${name}.prompt`, one.prompt)
    plays(`menus.${name}.invalid_prompt`, one.invalid_prompt)
  }
  for (const [name, one] of Object.entries(plan.queues)) {
    plays(`queues.${name}.greeting`, one.greeting)
    plays(`queues.${name}.periodic`, one.periodic)
  }
  return [...found].sort(([one], [other]) => (one < other ? -1 : 1)).map(([file, places]) => ({ file, places }))
}

/** Where something stands: the part of the plan, the entry there, and the rest of the path. */
export interface Place {
  part: Part
  name: string
  field: string
}

/** Names of entries may hold a dot until the hub has refused them, so the plan says where a name ends. */
export function placeOf(path: string, plan: Plan): Place | null {
  const part = PARTS.find((one) => path === one || path.startsWith(`${one}.`))
  if (!part) return null
  const rest = path.slice(part.length + 1)
  const name = Object.keys(plan[part]).filter((one) => rest === one || rest.startsWith(`${one}.`)).sort((one, other) => other.length - one.length)[0] ?? ''
  return { part, name, field: rest.slice(name.length + 1) }
}

const minutes = (clock: string): number | null => {
  const [, hour, minute] = /^(\d\d):(\d\d)$/.exec(clock) ?? []
  return hour === undefined ? null : Number(hour) * 60 + Number(minute)
}

/** How a span lies in the day, in percent; null while it is none. */
export function laneOf(span: Span): { left: number; width: number } | null {
  const [opens, closes] = [minutes(span.opens), minutes(span.closes)]
  if (opens === null || closes === null || opens >= closes || closes > 1440) return null
  return { left: (opens * 100) / 1440, width: ((closes - opens) * 100) / 1440 }
}
