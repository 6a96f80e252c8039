import { DataBoard } from '@element-plus/icons-vue'
import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/wallboard', component: () => import('./WallboardPage.vue'), meta: { nav: { words: 'nav.wallboard', icon: DataBoard, order: 5 } } },
  { path: '/reports/calls', component: () => import('./ReportPage.vue'), meta: { named: 'nav.callReports' } },
]
