import { enableAutoUnmount, flushPromises } from '@vue/test-utils'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'
import { useSession } from '@/api/session'
import { mountWith, quietRouter } from '@/kit/mountWith'
import { i18n, language, speak } from '@/words'
import AppShell from './AppShell.vue'

const { far } = await vi.hoisted(async () => {
  const { FarEnd } = await import('@/live/testLink')
  return { far: new FarEnd() }
})
vi.mock('@/live/socket', () => ({ openSocket: far.open }))
vi.mock('@/shell/everywhere', () => ({ everywhere: [] }))

const person = {
  id: 'u1', login: 'agent', name: 'Agent', admin: false, supervisor: false, roles: [], queues: ['general'], locale: 'en', time_zone: 'Asia/Shanghai',
}
let me: object
const network = vi.fn<typeof fetch>(async () => Response.json(me))
const session = useSession()

beforeEach(() => {
  network.mockClear()
  vi.stubGlobal('fetch', network)
  me = { user: person, presence: 'available', csrf: 'token', rights: [] }
})
enableAutoUnmount(afterEach)
afterEach(() => vi.unstubAllGlobals())

async function open(part: Partial<typeof person> = {}) {
  me = { ...me, user: { ...person, ...part } }
  await session.restore()
  network.mockClear()
  return mountWith(AppShell, {}, [i18n, quietRouter()])
}

it('with other rights the console asks again who the person is', async () => {
  await open()
  far.accept(4)
  me = { ...me, user: { ...person, supervisor: true } }
  far.listener.closing({ why: 'rights-changed', wait_s: 0 })
  await vi.waitFor(() => expect(far.opened).toHaveLength(2))
  expect(session.has('supervise')).toBe(false)
  far.accept(5)
  await flushPromises()
  expect(network.mock.calls.map(([address]) => address)).toEqual(['/api/me'])
  expect(session.has('supervise')).toBe(true)
})

it("speaks the language of the person's record", async () => {
  localStorage.clear()
  await open({ locale: 'zh' })
  expect([language(), document.documentElement.lang]).toEqual(['zh-CN', 'zh-CN'])
  me = { ...me, user: { ...person, locale: 'en' } }
  await session.restore()
  await flushPromises()
  expect(language()).toBe('en')
})

it('a language that was chosen here is kept', async () => {
  speak('en')
  await open({ locale: 'zh' })
  expect(language()).toBe('en')
})

it('the door is not drawn inside the shell while the first page is on its way', async () => {
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [{ path: '/sign-in', component: { template: '<p data-door />' }, meta: { open: true } }, { path: '/', component: { template: '<p data-page />' } }],
  })
  await router.push('/sign-in')
  await session.restore()
  const shell = mountWith(AppShell, {}, [i18n, router])
  expect(shell.find('[data-door]').exists()).toBe(false)
  await router.push('/')
  expect(shell.find('[data-page]').exists()).toBe(true)
})
