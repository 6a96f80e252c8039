/** What the charts show, as plain options: nothing of a browser in here. */
import type { EChartsCoreOption } from 'echarts/core'
import type { Figures, Report, Staffing } from './api'

export interface Inks {
  text: string
  ground: string
  line: string
  strong: string
  soft: string
  warning: string
}

/** Both themes keep 3:1 between neighbours and the ground. */
export const inksOf = (dark: boolean): Inks =>
  dark
    ? { text: '#e5e7eb', ground: '#121316', line: '#4b5563', strong: '#93b8fd', soft: '#3f5f9e', warning: '#facc15' }
    : { text: '#1f2937', ground: '#ffffff', line: '#d1d5db', strong: '#1d4ed8', soft: '#8ea7ec', warning: '#a16207' }

const axes = (labels: string[], inks: Inks) => ({
  animation: false,
  textStyle: { color: inks.text, fontFamily: 'inherit' },
  grid: { left: 8, right: 8, top: 40, bottom: 8, containLabel: true },
  legend: { top: 0, textStyle: { color: inks.text } },
  tooltip: { trigger: 'axis', renderMode: 'richText' },
  xAxis: { type: 'category', data: labels, axisLabel: { color: inks.text, hideOverlap: true }, axisLine: { lineStyle: { color: inks.line } } },
})

const axis = (inks: Inks, more: object = {}) => ({
  type: 'value', minInterval: 1, axisLabel: { color: inks.text }, splitLine: { lineStyle: { color: inks.line } }, ...more,
})

export interface CallNames {
  answered: string
  abandoned: string
  passed_on: string
  handled: string
  service_level: string
}

/** With more rows than two months have days, marks would hide their own line. */
const MOST_MARKS = 62

/** Bars of what became of the calls, and marks of the service level, joined where time goes on from one to the next. The patterns of the bars differ, not only their colours. */
export function callsOption(report: Report, labels: string[], names: CallNames, inks: Inks): EChartsCoreOption {
  const rows = report.rows
  const inTime = report.by === 'hour' || report.by === 'day'
  const dense = inTime && rows.length > MOST_MARKS
  const judged = !['outcome', 'transfer', 'code'].includes(report.by)
  const bar = (key: keyof CallNames & keyof Figures, color: string, decal: object) => ({
    type: 'bar', stack: 'calls', name: names[key], data: rows.map((row) => row[key]), itemStyle: { color, decal },
  })
  const stripes = { symbol: 'rect', dashArrayX: [1, 0], dashArrayY: [3, 3], rotation: -0.8, color: 'rgba(255,255,255,0.5)' }
  const dots = { symbol: 'circle', symbolSize: 0.5, dashArrayX: [[6, 6]], dashArrayY: [6, 6], color: 'rgba(255,255,255,0.6)' }
  return {
    ...axes(labels, inks),
    yAxis: [axis(inks), axis(inks, { min: 0, max: 100, axisLabel: { color: inks.text, formatter: '{value}%' }, splitLine: { show: false } })],
    series: report.by === 'transfer' ? [bar('handled', inks.strong, { symbol: 'none' })] : [
      bar('answered', inks.strong, { symbol: 'none' }),
      bar('abandoned', inks.warning, stripes),
      bar('passed_on', inks.soft, dots),
      ...(judged ? [{
        type: 'line', yAxisIndex: 1, name: names.service_level, symbol: 'diamond', symbolSize: dense ? 3 : 8, connectNulls: false,
        data: rows.map((row) => (row.service_level === null ? null : Math.round(row.service_level * 1000) / 10)),
        lineStyle: { color: inks.text, width: inTime ? (dense ? 1 : 2) : 0, type: dense ? 'solid' : 'dashed' },
        itemStyle: { color: inks.text, borderColor: inks.ground, borderWidth: dense ? 0 : 1.5 },
      }] : []),
    ],
  }
}

/** Bars of the calls that are to be expected, and steps of the agents they need. */
export function staffingOption(hint: Staffing, names: { expected: string; needed: string }, inks: Inks): EChartsCoreOption {
  return {
    ...axes(hint.hours.map((hour) => `${hour.hour}:00`), inks),
    yAxis: [axis(inks), axis(inks, { splitLine: { show: false } })],
    series: [
      { type: 'bar', name: names.expected, data: hint.hours.map((hour) => hour.calls), itemStyle: { color: inks.soft } },
      {
        type: 'line', step: 'middle', yAxisIndex: 1, name: names.needed, symbol: 'rect', symbolSize: 7,
        data: hint.hours.map((hour) => hour.agents), lineStyle: { color: inks.strong, width: 3 }, itemStyle: { color: inks.strong },
      },
    ],
  }
}
