import { HomeFilled } from '@element-plus/icons-vue'
import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/', component: () => import('./HomePage.vue'), meta: { nav: { words: 'nav.home', icon: HomeFilled, order: 0 } } },
]
