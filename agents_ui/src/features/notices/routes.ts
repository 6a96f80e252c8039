import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/notices', component: () => import('./NoticesPage.vue'), meta: { nav: { words: 'nav.notices', icon: 'notices', order: 3 } } },
]
