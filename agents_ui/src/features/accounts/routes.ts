import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  {
    path: '/admin/accounts',
    component: () => import('./AccountsPage.vue'),
    meta: { right: 'supervise', nav: { words: 'nav.accounts', icon: 'accounts', order: 9 } },
  },
]
