import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/admin/phones', component: () => import('./PhonesPage.vue'), meta: { right: 'supervise', named: 'phone.phones' } },
]
