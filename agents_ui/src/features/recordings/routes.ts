import { Headset } from '@element-plus/icons-vue'
import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/recordings', component: () => import('./RecordingsPage.vue'), meta: { right: 'supervise', nav: { words: 'nav.recordings', icon: Headset, order: 5 } } },
  { path: '/scores', component: () => import('./ScoresPage.vue'), meta: { named: 'nav.scores' } },
]
