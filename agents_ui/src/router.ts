/** Pages come from `features/NOUN/routes.ts`, found by folder; the address is the shareable truth. */
import type { Component } from 'vue'
import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router'
import type { Right } from '@/api/session'
import { useSession } from '@/api/session'
import { markBusy } from '@/kit/ready'
import { fetched } from '@/live/fetched'
import { wordsOf } from '@/words'

declare module 'vue-router' {
  interface RouteMeta {
    /** Anybody may see it, signed in or not. */
    open?: boolean
    /** Who may see it; the hub judges again at each request. */
    right?: Right
    /** The entry in the navigation: its words, its icon (a component), its place. */
    nav?: { words: string; icon: Component; order: number }
    /** Its name in the command palette, where it has no place in the navigation. */
    named?: string
    /** Whose page it is, by folder; set here. */
    feature?: string
  }
}

const found = import.meta.glob<{ routes: RouteRecordRaw[] }>('./features/*/routes.ts', { eager: true })
const pages = Object.entries(found).flatMap(([file, module]) => {
  const feature = file.split('/')[2]
  return module.routes.map((route): RouteRecordRaw => ({ ...patient(route), meta: { ...route.meta, feature } }))
})

/** A page that the link broke off on its way here comes once the link stands again. */
function patient(route: RouteRecordRaw): RouteRecordRaw {
  const { component, children } = route
  const coming = typeof component === 'function' ? { component: () => fetched(component as () => Promise<Component>) } : {}
  return { ...route, ...coming, ...(children ? { children: children.map(patient) } : {}) } as RouteRecordRaw
}

/** What stands under `/admin` has the frame with its tabs, whose page it may be. */
function framed(all: RouteRecordRaw[]): RouteRecordRaw[] {
  const within = all.filter(({ path }) => path.startsWith('/admin/'))
  all.find(({ path }) => path === '/admin')?.children?.push(...within)
  return all.filter((page) => !within.includes(page))
}

/** Where a second factor is turned on; all that is open to somebody who must have one and has none. */
const ENROL = '/me'

export const router = createRouter({
  history: createWebHistory('/console/'),
  routes: [...framed(pages), { path: '/:rest(.*)*', redirect: '/' }],
})

router.beforeEach(async (to, from) => {
  const session = useSession()
  if (to.path !== from.path) markBusy()
  if (session.unknown.value) await session.restore()
  if (session.unknown.value) return false // App.vue says why, and tries again
  if (!session.user.value) return to.meta.open ? true : { path: '/sign-in', query: { next: to.fullPath } }
  if (session.mustEnrol.value && to.path !== ENROL) await session.restore()
  if (session.mustEnrol.value) return to.path === ENROL ? true : ENROL
  if (to.meta.open) return '/'
  return !to.meta.right || session.has(to.meta.right) ? true : '/'
})

router.beforeResolve((to) => Promise.all(to.matched.flatMap(({ meta }) => (meta.feature ? [fetched(() => wordsOf(meta.feature ?? ''))] : []))).then(() => true))
