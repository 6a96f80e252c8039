import { beforeEach, expect, it } from 'vitest'
import { message } from '../samples'
import { authenticationOf, bouncesOf, isDoubtful, rulesOf } from './mailFacts'
import { alwaysShows, setAlways } from './pictures'

beforeEach(() => localStorage.clear())

const checked = (authentication: Record<string, unknown>) => message({ mail: { kind: 'normal', authentication } })

it('DMARC decides where it is known, else one failed check is a doubt', () => {
  expect(authenticationOf(checked({ spf: 'fail', dkim: 'pass', dmarc: 'pass' }))?.verdict).toBe('pass')
  expect(authenticationOf(checked({ spf: 'pass', dkim: 'pass', dmarc: 'fail' }))?.verdict).toBe('fail')
  expect(authenticationOf(checked({ spf: 'softfail', dkim: 'pass' }))?.verdict).toBe('fail')
  expect(authenticationOf(checked({ spf: 'none', dkim: { result: 'pass', domain: 'x.example' } }))).toEqual({
    verdict: 'pass',
    results: ['dkim pass', 'spf none'],
  })
  expect(authenticationOf(checked({ spf: 'fail', dkim: 'pass', aligned: true }))?.verdict).toBe('pass')
  expect(authenticationOf(checked({ dkim: 'pass', aligned: false }))?.verdict).toBe('none')
  expect(isDoubtful(checked({ dmarc: 'none', spf: 'temperror' }))).toBe(false)
})

it('a mail that nobody checked has no mark', () => {
  expect(authenticationOf(message())).toBeNull()
  expect(authenticationOf(checked({}))).toBeNull()
})

it('a bounce names each address that did not take it', () => {
  const one = { recipient: 'a@example.com', status: '5.1.1', permanent: true }
  expect(bouncesOf(message({ mail: { kind: 'bounce', bounce: one } }))).toEqual([one])
  expect(bouncesOf(message({ mail: { kind: 'bounce', bounce: one, bounces: [one, { recipient: 'b@example.com' }] } }))).toHaveLength(2)
  expect(bouncesOf(message())).toEqual([])
})

it('rules are named as people named them', () => {
  const did = ['tag:vip']
  expect(rulesOf(message({ ruled: [{ rule: 'r1', name: 'Invoices', did }, { rule: 'r2', name: '', did }] }))).toEqual(['Invoices', 'r2'])
})

it('pictures are remembered by person and sender, and can be forgotten', () => {
  setAlways('u1', 'Ada@Example.com', true)
  expect(alwaysShows('u1', 'ada@example.com')).toBe(true)
  expect(alwaysShows('u2', 'ada@example.com')).toBe(false)
  setAlways('u1', 'ada@example.com', false)
  expect(alwaysShows('u1', 'ada@example.com')).toBe(false)
  localStorage.setItem('mainstem.pictures.u1', '{broken')
  expect(alwaysShows('u1', 'ada@example.com')).toBe(false)
})
