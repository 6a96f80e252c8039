import { expect, it } from 'vitest'
import { channelsOf, columnsOf } from './chart'

const traffic = {
  days: ['2026-11-01', '2026-11-02', '2026-11-03'], mine: false, partial: false,
  items: [
    { day: '2026-11-01', channel: 'sms', begun: 1, answered: 0 },
    { day: '2026-11-01', channel: 'email', begun: 3, answered: 2 },
    { day: '2026-11-03', channel: 'email', begun: 2, answered: 8 },
  ],
}

it('each day is a column, the highest one fills the chart, and a day without anything is there too', () => {
  const columns = columnsOf(traffic, 'begun')
  expect(columns.map((column) => [column.day, column.total])).toEqual([['2026-11-01', 4], ['2026-11-02', 0], ['2026-11-03', 2]])
  expect(columns[0]?.parts).toEqual([{ channel: 'email', count: 3, height: 75 }, { channel: 'sms', count: 1, height: 25 }])
  expect(columns[2]?.parts).toEqual([{ channel: 'email', count: 2, height: 50 }])
  expect(channelsOf(traffic)).toEqual(['email', 'sms'])
})

it('nothing at all is no division by nothing', () => {
  expect(columnsOf({ ...traffic, items: [] }, 'answered').every((column) => column.parts.length === 0)).toBe(true)
})
