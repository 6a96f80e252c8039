/** Making a formatter costs a hundred times what using it does, and a thread has many times in it. */
const formatters = new Map<string, Intl.DateTimeFormat>()

function formatted(at: Date, language: string, form: Intl.DateTimeFormatOptions): string {
  const key = `${language} ${JSON.stringify(form)}`
  let formatter = formatters.get(key)
  if (!formatter) formatters.set(key, (formatter = new Intl.DateTimeFormat(language, form)))
  return formatter.format(at)
}

/** Times as people read them: the hour for today, the date before that, the year only when it differs. */
export function shortTime(iso: string, language: string, now: Date = new Date()): string {
  const at = new Date(iso)
  if (at.toDateString() === now.toDateString()) {
    return formatted(at, language, { hour: '2-digit', minute: '2-digit', hour12: false })
  }
  const year = at.getFullYear() === now.getFullYear() ? undefined : 'numeric'
  return formatted(at, language, { year, month: 'numeric', day: 'numeric' })
}

export function longTime(iso: string, language: string): string {
  return formatted(new Date(iso), language, { dateStyle: 'long', timeStyle: 'medium', hour12: false })
}

export function hourOf(iso: string, language: string): string {
  return formatted(new Date(iso), language, { hour: '2-digit', minute: '2-digit', hour12: false })
}

export function dayOf(iso: string, language: string): string {
  return formatted(new Date(iso), language, { dateStyle: 'full' })
}

/** Whether two moments fall on the same day of the person's calendar. */
export function sameDay(one: string, other: string): boolean {
  return new Date(one).toDateString() === new Date(other).toDateString()
}

/** What a field for a local time holds, as the hub takes it; null where it is empty. */
export const momentOf = (local: string): string | null => (local ? new Date(local).toISOString() : null)
