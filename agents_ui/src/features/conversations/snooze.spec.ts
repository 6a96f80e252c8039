import { expect, it } from 'vitest'
import { snoozedUntil } from './snooze'

const monday = new Date(2026, 10, 23, 15, 30)

it('comes back in an hour, tomorrow at nine, or next Monday at nine', () => {
  expect(new Date(snoozedUntil('hour', monday))).toEqual(new Date(2026, 10, 23, 16, 30))
  expect(new Date(snoozedUntil('tomorrow', monday))).toEqual(new Date(2026, 10, 24, 9))
  expect(new Date(snoozedUntil('week', monday))).toEqual(new Date(2026, 10, 30, 9))
  expect(new Date(snoozedUntil('week', new Date(2026, 10, 29, 8)))).toEqual(new Date(2026, 10, 30, 9))
})
