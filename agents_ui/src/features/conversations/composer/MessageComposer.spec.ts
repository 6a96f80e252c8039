import { enableAutoUnmount, flushPromises } from '@vue/test-utils'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { mountWith, quietRouter } from '@/kit/mountWith'
import { i18n, speak } from '@/words'
import { conversation } from '../samples'
import MessageComposer from './MessageComposer.vue'

beforeEach(() => {
  localStorage.clear()
  vi.stubGlobal('fetch', async () => new Response(null, { status: 503 }))
  speak('en')
})
enableAutoUnmount(afterEach)

const open = (id = 'c1') =>
  mountWith(MessageComposer, { conversation: conversation({ id }) }, [i18n, quietRouter()])
const textOf = (page: ReturnType<typeof open>) => (page.find('textarea').element as HTMLTextAreaElement).value

it('a draft stays with its conversation and its kind', async () => {
  const first = open('c1')
  await first.find('textarea').setValue('Friday is fine.')
  await first.findAll('[role=group] button')[1]?.trigger('click')
  expect(textOf(first)).toBe('')
  await flushPromises()
  first.unmount()
  expect(textOf(open('c2'))).toBe('')
  expect(textOf(open('c1'))).toBe('Friday is fine.')
})

it('Ctrl+Enter sends, Enter does not, and neither while an input method composes', async () => {
  const page = open()
  await page.find('textarea').setValue('你好')
  await page.find('textarea').trigger('keydown', { key: 'Enter' })
  await page.find('textarea').trigger('keydown', { key: 'Enter', ctrlKey: true, isComposing: true })
  expect(page.emitted('send')).toBeUndefined()
  await page.find('textarea').trigger('keydown', { key: 'Enter', ctrlKey: true })
  expect(page.emitted('send')).toEqual([[{ kind: 'reply', text: '你好', attachments: [], undo: true }]])
  expect(textOf(page)).toBe('')
})

it('the button says what will happen: to whom a reply goes, and that a note stays inside', async () => {
  const page = open()
  expect(page.find('[data-send]').text()).toBe('Send to customer by mail')
  await page.findAll('[role=group] button')[1]?.trigger('click')
  expect(page.find('[data-send]').text()).toBe('Save internal note')
  await page.find('textarea').setValue('Call back first.')
  await page.find('[data-send]').trigger('click')
  expect(page.emitted('send')).toEqual([[{ kind: 'note', text: 'Call back first.', attachments: [] }]])
})

it('a message that could not be sent comes back without losing what was written since', async () => {
  const page = open()
  await page.find('textarea').setValue('second')
  ;(page.vm as unknown as { restore: (message: object) => void }).restore({ kind: 'reply', text: 'first', attachments: [] })
  await flushPromises()
  expect(textOf(page)).toBe('first\n\nsecond')
})

it('a conversation of calls alone takes notes only, and one with mails is answered by mail', () => {
  const calls = mountWith(MessageComposer, { conversation: conversation({ id: 'c3', channels: ['telephony'] }) }, [i18n, quietRouter()])
  expect(calls.findAll('.composer__kind').map((one) => one.text())).toEqual(['Internal note'])
  expect(calls.find('[data-send]').text()).toBe('Save internal note')
  const both = mountWith(MessageComposer, { conversation: conversation({ id: 'c4', channels: ['email', 'telephony'] }) }, [i18n, quietRouter()])
  expect(both.find('[data-send]').text()).toBe('Send to customer by mail')
})
