/** A report's rows as columns of stacked parts, all on one scale. Pure. */
import type { Traffic } from './api'

export interface Column {
  day: string
  total: number
  /** By channel, each with its height in percent of the highest column. */
  parts: { channel: string; count: number; height: number }[]
}

export function channelsOf(traffic: Traffic): string[] {
  return [...new Set(traffic.items.map((item) => item.channel))].sort()
}

export function columnsOf(traffic: Traffic, what: 'begun' | 'answered'): Column[] {
  const channels = channelsOf(traffic)
  const counted = traffic.days.map((day) => {
    const parts = channels.map((channel) => ({ channel, count: traffic.items.find((item) => item.day === day && item.channel === channel)?.[what] ?? 0 }))
    return { day, parts, total: parts.reduce((sum, part) => sum + part.count, 0) }
  })
  const most = Math.max(1, ...counted.map((column) => column.total))
  return counted.map(({ day, total, parts }) => ({
    day, total, parts: parts.filter((part) => part.count > 0).map(({ channel, count }) => ({ channel, count, height: (100 * count) / most })),
  }))
}
