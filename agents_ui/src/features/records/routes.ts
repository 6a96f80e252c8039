import { Notebook } from '@element-plus/icons-vue'
import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  {
    path: '/records',
    component: () => import('./RecordsPage.vue'),
    meta: { nav: { words: 'nav.records', icon: Notebook, order: 2 } },
    children: [
      { path: ':type', component: () => import('./RecordList.vue'), props: true },
      { path: ':type/new', component: () => import('./RecordPage.vue'), props: (route) => ({ type: String(route.params.type), id: null }) },
      { path: ':type/:id', component: () => import('./RecordPage.vue'), props: true },
    ],
  },
]
