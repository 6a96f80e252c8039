import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/canned', component: () => import('./CannedPage.vue'), meta: { named: 'nav.canned' } },
]
