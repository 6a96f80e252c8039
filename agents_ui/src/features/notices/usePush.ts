/** Being reached in this browser: by its push service also while no console is open, else by the page while one is. */
import { shallowRef } from 'vue'
import { get, post, remove } from '@/api/client'
import { ApiProblem } from '@/api/problem'
import type { components } from '@/api/schema'

type Push = components['schemas']['PushOut']
/** `unasked` and `refused`: what the browser lets us do; `page`: while a console is open; `always`: by push. */
export type Reach = 'off' | 'unasked' | 'refused' | 'page' | 'always'
const reach = shallowRef<Reach>('off')

const permission = (): NotificationPermission => ('Notification' in window ? Notification.permission : 'denied')

/** Asks the person, by the browser's own question; only upon a click. */
export async function askPermission(): Promise<boolean> {
  if (permission() === 'default') await Notification.requestPermission()
  if (permission() === 'granted') return true
  reach.value = permission() === 'denied' ? 'refused' : 'unasked'
  return false
}

async function manager(): Promise<PushManager | null> {
  const registration = await navigator.serviceWorker?.getRegistration()
  return registration?.active && 'pushManager' in registration ? registration.pushManager : null
}

const textOf = (key: ArrayBuffer | null) =>
  btoa(String.fromCharCode(...new Uint8Array(key ?? new ArrayBuffer(0)))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')

/** The subscription for the hub's key; one for another key is worth nothing. Null where the push service does not answer. */
async function subscription(push: PushManager, key: string): Promise<PushSubscription | null> {
  const there = await push.getSubscription()
  if (there && textOf(there.options.applicationServerKey) === key) return there
  await there?.unsubscribe()
  return push.subscribe({ userVisibleOnly: true, applicationServerKey: key }).catch(() => null)
}

async function subscribe(): Promise<boolean> {
  const [push, hub] = [await manager(), await get<Push>('/api/me/push')]
  if (!push || !hub.enabled) return false
  const mine = await subscription(push, hub.public_key)
  if (!mine) return false
  const { endpoint, keys } = mine.toJSON()
  const expires_at = mine.expirationTime ? new Date(mine.expirationTime).toISOString() : null
  await post('/api/me/push', { body: { endpoint, keys, expires_at } })
  return true
}

async function forget(): Promise<void> {
  await (await (await manager())?.getSubscription())?.unsubscribe()
  const { items } = await get<Push>('/api/me/push')
  for (const each of items) if (each.current) await remove(`/api/me/push/${each.id}`)
}

/** Makes it so, as far as browser, house and push service let us. Where the hub does not answer, the page still reminds. */
async function settle(wanted: boolean): Promise<void> {
  try {
    if (!wanted) {
      if (reach.value === 'always') await forget()
      if (reach.value !== 'refused') reach.value = 'off'
    } else if (await allowed()) reach.value = (await subscribe()) ? 'always' : 'page'
  } catch (trouble) {
    if (!(trouble instanceof ApiProblem)) throw trouble
    if (wanted) reach.value = 'page'
  }
}

async function allowed(): Promise<boolean> {
  const now = permission()
  if (now !== 'granted') reach.value = now === 'denied' ? 'refused' : 'unasked'
  return now === 'granted'
}

export function usePush() {
  return { reach, settle }
}
