import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  {
    path: '/admin/accounts',
    component: () => import('./AccountsPage.vue'),
    meta: { right: 'supervise', named: 'nav.accounts' },
  },
  {
    path: '/admin/accounts/new/:channel',
    component: () => import('./AccountPage.vue'),
    props: (route) => ({ id: null, channel: String(route.params.channel) }),
    meta: { right: 'administer' },
  },
  {
    path: '/admin/accounts/:account',
    component: () => import('./AccountPage.vue'),
    props: (route) => ({ id: String(route.params.account), channel: null }),
    meta: { right: 'administer' },
  },
]
