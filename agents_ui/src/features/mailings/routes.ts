import { Promotion } from '@element-plus/icons-vue'
import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/mailings', component: () => import('./MailingsPage.vue'), meta: { right: 'write to many', nav: { words: 'nav.mailings', icon: Promotion, order: 4 } } },
  { path: '/mailings/new', component: () => import('./MailingPage.vue'), props: { id: null }, meta: { right: 'write to many' } },
  { path: '/mailings/:id', component: () => import('./MailingPage.vue'), props: true, meta: { right: 'write to many' } },
]
