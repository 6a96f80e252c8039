import { expect, it } from 'vitest'
import { delivery, message } from '../samples'
import { merge } from './merge'

it('messages stand in the order of the stream, each once', () => {
  const thread = merge('c1', [message({ id: 'b', seq: 2 })], [message({ id: 'a', seq: 1 }), message({ id: 'b', seq: 2 })])
  expect(thread.map((one) => one.id)).toEqual(['a', 'b'])
})

it('what an event leaves out stays from the read before', () => {
  const whole = message({ html: '<b>x</b>', full_text: 'x > y' })
  const [after] = merge('c1', [whole], [message({ revision: 2, delivery: delivery('sent') })])
  expect(after).toMatchObject({ revision: 2, html: '<b>x</b>', full_text: 'x > y', delivery: { state: 'sent' } })
})

it('a cut text gives way to the whole one, in either order', () => {
  const cut = message({ text: 'x', clipped: true })
  const whole = message({ text: 'xyz', full_text: 'xyz' })
  expect(merge('c1', [cut], [whole])[0]?.text).toBe('xyz')
  expect(merge('c1', [whole], [cut])[0]?.text).toBe('xyz')
})

it('an older copy does not take a delivery state back', () => {
  const sent = message({ revision: 3, delivery: delivery('sent') })
  const [after] = merge('c1', [sent], [message({ revision: 2, delivery: delivery('sending') })])
  expect(after?.delivery?.state).toBe('sent')
})

it('a message that moved to another conversation leaves', () => {
  expect(merge('c1', [message()], [message({ conversation: 'c2', revision: 2 })])).toEqual([])
})
