import { Document } from '@element-plus/icons-vue'
import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/templates', component: () => import('./TemplatesPage.vue'), meta: { nav: { words: 'nav.templates', icon: Document, order: 3 } } },
  { path: '/templates/new', component: () => import('./TemplatePage.vue'), props: { id: null } },
  { path: '/templates/signature', component: () => import('./SignaturePage.vue') },
  { path: '/templates/:id', component: () => import('./TemplatePage.vue'), props: true },
]
