import { PhoneFilled } from '@element-plus/icons-vue'
import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/call-lists', component: () => import('./CallListsPage.vue'), meta: { nav: { words: 'nav.callLists', icon: PhoneFilled, order: 4 } } },
  { path: '/call-lists/:id', component: () => import('./WorkPage.vue'), props: true },
]
