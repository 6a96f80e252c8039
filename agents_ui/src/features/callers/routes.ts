import { Phone } from '@element-plus/icons-vue'
import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/callers', component: () => import('./CallersPage.vue'), meta: { nav: { words: 'nav.callers', icon: Phone, order: 4 } } },
]
