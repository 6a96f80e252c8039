import { describe, expect, it } from 'vitest'
import type { Report, ReportRow, Staffing } from './api'
import { addUp } from './board'
import { callsOption, inksOf, staffingOption } from './charts'
import { dayText, percentText, secondsText, spanText, tailOf } from './clock'
import { arc } from './gauge'
import { cellText, rowName } from './rows'

const row = (key: string, more: Partial<ReportRow> = {}): ReportRow => ({ ...addUp([]), key, name: key, ...more })
const NAMES = { answered: 'A', abandoned: 'G', passed_on: 'P', handled: 'H', service_level: 'L' }

describe('the chart of calls', () => {
  const report: Report = {
    by: 'queue', since: '', until: '', zone: 'UTC', total: addUp([]),
    rows: [row('support', { answered: 3, abandoned: 1, passed_on: 2, service_level: 0.12345 }), row('sales')],
  }
  const option = callsOption(report, ['Support', 'Sales'], NAMES, inksOf(false))
  const series = option.series as { name: string; type: string; data: unknown[]; stack?: string; itemStyle: { decal?: unknown } }[]

  it('stacks what became of the calls, row by row', () => {
    expect(option.xAxis).toMatchObject({ data: ['Support', 'Sales'] })
    expect(series.slice(0, 3).map((each) => [each.name, each.stack, each.data])).toEqual([['A', 'calls', [3, 0]], ['G', 'calls', [1, 0]], ['P', 'calls', [2, 0]]])
  })

  it('draws the service level in percent and leaves a gap where there is none', () => {
    expect(series[3]).toMatchObject({ name: 'L', type: 'line', data: [12.3, null] })
  })

  it('joins the marks where one follows the other in time only, and shows transfers as what was handled', () => {
    const width = (by: Report['by']) => (callsOption({ ...report, by }, [], NAMES, inksOf(false)).series as { lineStyle?: { width: number } }[])[3]?.lineStyle?.width
    expect([width('queue'), width('day'), width('outcome')]).toEqual([0, 2, undefined])
    expect(callsOption({ ...report, by: 'transfer' }, [], NAMES, inksOf(false)).series).toMatchObject([{ name: 'H' }])
  })

  it('makes the marks of a year small, so that they do not hide their line', () => {
    const [month, year] = [31, 365].map((days) => {
      const rows = Array.from({ length: days }, (_, day) => row(`${day}`, { service_level: 0.5 }))
      return (callsOption({ ...report, by: 'day', rows }, [], NAMES, inksOf(false)).series as { symbolSize?: number }[])[3]?.symbolSize
    })
    expect([month, year]).toEqual([8, 3])
  })

  it('tells the bars apart by pattern too', () => {
    expect(new Set(series.slice(0, 3).map((each) => JSON.stringify(each.itemStyle.decal))).size).toBe(3)
  })

  it('moves for nobody, and writes its tips without markup', () => {
    expect(option).toMatchObject({ animation: false, tooltip: { renderMode: 'richText' } })
  })
})

it('the staffing chart shows calls and agents hour by hour', () => {
  const hint: Staffing = { queue: 'support', day: '2026-03-04', zone: 'UTC', weeks: 2, hours: [{ hour: '09', calls: 12.5, aht_s: 180, agents: 3, service_level: 0.9, occupancy: 0.4 }] }
  const option = staffingOption(hint, { expected: 'E', needed: 'N' }, inksOf(true))
  expect(option).toMatchObject({ xAxis: { data: ['09:00'] }, series: [{ name: 'E', data: [12.5] }, { name: 'N', data: [3], step: 'middle' }] })
})

const say = (key: string) => key

describe('words of rows and cells', () => {
  it('name nobody, no queue, outcomes and hours', () => {
    expect(rowName('agent', row(''), say)).toBe('callReports.nobody')
    expect(rowName('queue', row(''), say)).toBe('callReports.noQueue')
    expect(rowName('outcome', row('abandoned'), say)).toBe('callReports.outcomes.abandoned')
    expect(rowName('hour', row('09'), say)).toBe('09:00')
    expect(rowName('queue', row('support', { name: 'Support' }), say)).toBe('Support')
  })

  it('write shares in percent, times as spans, and nothing where there is nothing to divide by', () => {
    const figures = row('x', { offered: 3, service_level: 0.666, aht_s: null, longest_wait_s: 75 })
    expect([cellText('offered', figures), cellText('service_level', figures), cellText('aht_s', figures), cellText('longest_wait_s', figures)]).toEqual(['3', '67%', '–', '1:15'])
  })
})

it('spans, shares and the ends of numbers', () => {
  expect([spanText(7.9), spanText(754), spanText(3723), spanText(-1)]).toEqual(['0:07', '12:34', '1:02:03', '0:00'])
  expect([percentText(null), percentText(0.805), secondsText(null), secondsText(61)]).toEqual(['–', '81%', '–', '1:01'])
  expect([tailOf('+8613800138000'), tailOf('1001'), tailOf('')]).toEqual(['…8000', '1001', ''])
  expect(dayText(new Date(2026, 2, 4, 23, 59))).toBe('2026-03-04')
})

it('the gauge goes from left over the top to right', () => {
  expect(arc(0, 1)).toBe('M12.00 56.00A48 48 0 0 1 108.00 56.00')
  expect(arc(0, 0.5)).toBe('M12.00 56.00A48 48 0 0 1 60.00 8.00')
  expect(arc(0, 7)).toBe(arc(0, 1))
})
