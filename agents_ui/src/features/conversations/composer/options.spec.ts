import { expect, it } from 'vitest'
import { message } from '../samples'
import { addressesOf, asked, hasCompany, keptOptions, noOptions, optionsOf, optionsOfDraft, saysSomething } from './options'

it('addresses are divided as people divide them', () => {
  expect(addressesOf('a@x.example, Bo <b@x.example>；c@x.example\n')).toEqual(['a@x.example', 'Bo <b@x.example>', 'c@x.example'])
  expect(addressesOf('"Lee, Ada" <a@x.example>; d@x.example')).toEqual(['"Lee, Ada" <a@x.example>', 'd@x.example'])
  expect(addressesOf(' , ;')).toEqual([])
})

it('a plain answer can be taken back for a moment; a planned one waits anyway', () => {
  expect(asked(noOptions())).toEqual({ undo: true })
  expect(asked({ ...noOptions(), sendAt: '2026-11-24T09:00' })).toEqual({ send_at: new Date('2026-11-24T09:00').toISOString() })
})

it('a forward names its message and receivers, and answers nobody', () => {
  const options = { ...noOptions(), forward: message({ id: 'm9' }), to: 'b@x.example', replyAll: true, forwardAs: 'attached' as const }
  expect(asked(options)).toEqual({ forward_of: 'm9', forward_as: 'attached', to: ['b@x.example'], undo: true })
})

it('what came back has its receivers again', () => {
  const back = optionsOf({ reply_all: true, cc: ['c@x.example'], bcc: ['d@x.example'] }, null)
  expect(asked(back)).toEqual({ reply_all: true, cc: ['c@x.example'], bcc: ['d@x.example'], undo: true })
})

it('a draft brings back what it was given, half an address too', () => {
  const forward = message({ id: 'm9' })
  const options = { ...noOptions(), subject: 'Offer', cc: '"Lee, Ada" <a@x.example>, bo@', sendAt: '2026-11-24T09:00', forward, to: 'c@x.example' }
  const kept = keptOptions(options)
  expect(kept).toMatchObject({ cc: ['"Lee, Ada" <a@x.example>', 'bo@'], forward_of: 'm9', send_at: new Date('2026-11-24T09:00').toISOString() })
  expect(optionsOfDraft(kept, forward)).toEqual(options)
  expect([saysSomething(options), saysSomething({ ...noOptions(), sendAt: '2026-11-24T09:00' })]).toEqual([true, false])
})

const someone = (address: string) => ({ kind: 'unknown' as const, id: null, name: '', address })

it('answering all is offered where there are others', () => {
  expect(hasCompany(message({ to: [someone('us@x.example')] }))).toBe(false)
  expect(hasCompany(message({ to: [someone('us@x.example')], cc: [someone('b@x.example')] }))).toBe(true)
  expect(hasCompany(undefined)).toBe(false)
})
