import { Bell } from '@element-plus/icons-vue'
import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/notices', component: () => import('./NoticesPage.vue'), meta: { nav: { words: 'nav.notices', icon: Bell, order: 3 } } },
]
