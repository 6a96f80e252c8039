import { enableAutoUnmount, flushPromises } from '@vue/test-utils'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { mountWith, quietRouter } from '@/kit/mountWith'
import { i18n, speak } from '@/words'
import CannedPage from './CannedPage.vue'

const answer = (shortcut: string, text: string) => ({
  id: shortcut, shortcut, title: '', text, owner: { id: 'u1', name: 'Ada' }, shared_with: 'me', may_change: true, revision: 1,
})

beforeEach(() => {
  speak('en')
  const items = [answer('hours', 'Nine to five.'), answer('bye', 'Goodbye {{ contact.name }}')]
  vi.stubGlobal('fetch', async () => Response.json({ items, fields: [{ path: 'contact.name', zh: '联系人', en: 'Contact' }] }))
})
enableAutoUnmount(afterEach)
afterEach(() => vi.unstubAllGlobals())

it('lists the answers and narrows them by what is typed', async () => {
  const page = mountWith(CannedPage, {}, [i18n, quietRouter()])
  await flushPromises()
  expect(page.findAll('[data-canned]')).toHaveLength(2)
  await page.find('input').setValue('GOODBYE')
  expect(page.findAll('[data-canned]').map((one) => one.attributes('data-canned'))).toEqual(['bye'])
})
