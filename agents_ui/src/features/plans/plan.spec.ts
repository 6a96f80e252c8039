import { expect, it } from 'vitest'
import { FRESH, laneOf, placeOf, soundsOf, type Plan } from './plan'

const plan = (part: Partial<Plan>): Plan => ({ queues: {}, hours: {}, menus: {}, numbers: {}, ...part })

it('names each sound once, with every place that plays it', () => {
  const menu = { ...FRESH.menus(), prompt: 'custom/main', invalid_prompt: 'beep' }
  const queue = { ...FRESH.queues(), greeting: 'beep' }
  const closed = { ...FRESH.numbers().closed, prompt: 'custom/closed' }
  const always = { ...FRESH.numbers(), closed }
  expect(soundsOf(plan({ menus: { main: menu }, queues: { support: queue }, numbers: { 4100: always, 4101: { ...always, hours: 'office' } } }))).toEqual([
    { file: 'beep', places: ['menus.main.invalid_prompt', 'queues.support.greeting'] },
    { file: 'custom/closed', places: ['numbers.4101.closed.prompt'] },
    { file: 'custom/main', places: ['menus.main.prompt'] },
  ])
})

it('finds the entry that a fault is about, though its name be wrong', () => {
  const here = plan({ queues: { a: FRESH.queues(), 'a.b': FRESH.queues() } })
  expect(placeOf('queues.a.ring_s', here)).toEqual({ part: 'queues', name: 'a', field: 'ring_s' })
  expect(placeOf('queues.a.b.[key]', here)).toEqual({ part: 'queues', name: 'a.b', field: '[key]' })
  expect(placeOf('queues', here)).toEqual({ part: 'queues', name: '', field: '' })
  expect(placeOf('colour', here)).toBeNull()
})

it('draws a span in its day, and nothing that is none', () => {
  expect(laneOf({ opens: '06:00', closes: '24:00' })).toEqual({ left: 25, width: 75 })
  expect([laneOf({ opens: '18:00', closes: '09:00' }), laneOf({ opens: '', closes: '9' })]).toEqual([null, null])
})
