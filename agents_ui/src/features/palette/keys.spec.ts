import { expect, it } from 'vitest'
import type { Command } from '@/kit/commands'
import { fitting, meaningOf, type Pressed } from './keys'

const command = (id: string, keys?: string): Command => ({ id, words: id, group: 'act', run: () => undefined, ...(keys ? { keys } : {}) })
const all = [command('reply', 'r'), command('go to inbox', 'g 1'), command('close')]
const press = (key: string, part: Partial<Pressed> = {}): Pressed => ({ key, ctrl: false, alt: false, meta: false, writing: false, ...part })

it('a single key acts only where keys are not text, and only if the person wants that', () => {
  expect(meaningOf(press('r'), '', all, true)).toEqual({ run: all[0] })
  expect(meaningOf(press('r', { writing: true }), '', all, true)).toBeNull()
  expect(meaningOf(press('r'), '', all, false)).toBeNull()
  expect(meaningOf(press('r', { ctrl: true }), '', all, true)).toBeNull()
})

it('two keys in a row', () => {
  expect(meaningOf(press('g'), '', all, true)).toEqual({ begun: 'g' })
  expect(meaningOf(press('1'), 'g', all, true)).toEqual({ run: all[1] })
  expect(meaningOf(press('r'), 'g', all, true)).toBeNull()
})

it('the palette opens from anywhere, also while writing', () => {
  expect(meaningOf(press('k', { ctrl: true, writing: true }), '', all, false)).toEqual({ open: 'palette' })
  expect(meaningOf(press('K', { meta: true }), '', all, true)).toEqual({ open: 'palette' })
  expect(meaningOf(press('?'), '', all, true)).toEqual({ open: 'help' })
})

it('finds commands by any of their words', () => {
  expect(fitting(all, 'inbox GO').map((one) => one.id)).toEqual(['go to inbox'])
  expect(fitting(all, '')).toHaveLength(3)
})
