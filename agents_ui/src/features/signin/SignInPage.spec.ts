import { enableAutoUnmount, flushPromises } from '@vue/test-utils'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { mountWith, quietRouter } from '@/kit/mountWith'
import { i18n, speak } from '@/words'
import SignInPage from './SignInPage.vue'

const network = vi.fn<typeof fetch>()
const refuse = (status: number, code: string, headers: Record<string, string> = {}) =>
  network.mockResolvedValueOnce(
    new Response(JSON.stringify({ type: `urn:mainstem:problem:${code}`, code, title: code, status }), { status, headers }),
  )

beforeEach(() => {
  network.mockReset()
  vi.stubGlobal('fetch', network)
  speak('en')
})
enableAutoUnmount(afterEach)
afterEach(() => {
  vi.unstubAllGlobals()
})

async function tryToSignIn() {
  const page = mountWith(SignInPage, {}, [i18n, quietRouter()])
  await page.find('input[name=login]').setValue('agent')
  await page.find('input[name=password]').setValue('wrong')
  await page.find('form').trigger('submit')
  await flushPromises()
  return page
}

it('a wrong password is said in words, in the language of the moment', async () => {
  refuse(401, 'sign-in-failed')
  const page = await tryToSignIn()
  expect(page.find('[role=alert]').text()).toBe('Login or password is wrong.')
  speak('zh-CN')
  await flushPromises()
  expect(page.find('[role=alert]').text()).toBe('用户名或密码错误。')
})

it('asks for the one-time code when the hub wants it, and sends it', async () => {
  refuse(401, 'otp-needed')
  const page = await tryToSignIn()
  refuse(401, 'otp-wrong')
  await page.find('input[name=otp]').setValue('123456')
  await page.find('form').trigger('submit')
  await flushPromises()
  expect(JSON.parse(String(network.mock.calls[1]?.[1]?.body))).toEqual({ login: 'agent', password: 'wrong', otp: '123456' })
})

it('after too many tries it says how long to wait and sends nothing meanwhile', async () => {
  refuse(429, 'throttled', { 'Retry-After': '30' })
  const page = await tryToSignIn()
  expect(page.find('[role=alert]').text()).toContain('30')
  expect(page.find('button[type=submit]').attributes('disabled')).toBeDefined()
  await page.find('form').trigger('submit')
  expect(network).toHaveBeenCalledOnce()
})
