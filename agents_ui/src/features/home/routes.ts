import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/', component: () => import('./HomePage.vue'), meta: { nav: { words: 'nav.home', icon: 'home', order: 0 } } },
]
