/** The words of a report's rows and cells. */
import type { By, Figures, ReportRow } from './api'
import { percentText, secondsText } from './clock'

type Say = (key: string) => string

export const COLUMNS = [
  'offered', 'answered', 'abandoned', 'short', 'passed_on', 'service_level', 'abandon_rate', 'average_wait_s', 'longest_wait_s',
  'handled', 'missed', 'average_talk_s', 'average_hold_s', 'average_wrap_s', 'aht_s',
] as const satisfies (keyof Figures)[]
export type Column = (typeof COLUMNS)[number]

const EMPTY: Partial<Record<By, string>> = { agent: 'nobody', code: 'noCode' }

/** What a row is about; nobody and no queue have a word too. */
export function rowName(by: By, row: Pick<ReportRow, 'key' | 'name'>, say: Say): string {
  if (by === 'outcome') return say(`callReports.outcomes.${row.key}`)
  if (by === 'transfer') return say(`callReports.transfers.${row.key}`)
  if (by === 'hour') return `${row.key}:00`
  if (!row.key) return say(`callReports.${EMPTY[by] ?? 'noQueue'}`)
  return row.name || row.key
}

export function cellText(column: Column, figures: Figures): string {
  const value = figures[column]
  if (column === 'service_level' || column === 'abandon_rate') return percentText(value)
  return column.endsWith('_s') ? secondsText(value) : String(value)
}
