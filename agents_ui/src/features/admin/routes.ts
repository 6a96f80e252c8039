import { Setting } from '@element-plus/icons-vue'
import type { RouteRecordRaw } from 'vue-router'
import { useSession } from '@/api/session'

export const routes: RouteRecordRaw[] = [
  {
    path: '/admin',
    component: () => import('./AdminFrame.vue'),
    meta: { right: 'supervise', nav: { words: 'nav.admin', icon: Setting, order: 8 } },
    children: [
      { path: '', redirect: () => (useSession().has('administer') ? '/admin/users' : '/admin/queues') },
      { path: 'users', component: () => import('./UsersPage.vue'), meta: { right: 'administer' } },
      { path: 'users/:id', component: () => import('./UserPage.vue'), props: true, meta: { right: 'administer' } },
      { path: 'departments', component: () => import('./DepartmentsPage.vue'), meta: { right: 'supervise' } },
      { path: 'roles', component: () => import('./RolesPage.vue'), meta: { right: 'administer' } },
      { path: 'roles/:id', component: () => import('./RolePage.vue'), props: true, meta: { right: 'administer' } },
      { path: 'queues', component: () => import('./QueuesPage.vue'), meta: { right: 'supervise' } },
      { path: 'jobs', component: () => import('./JobsPage.vue'), meta: { right: 'supervise' } },
      { path: 'audit', component: () => import('./AuditPage.vue'), meta: { right: 'administer' } },
      { path: 'message-rules', redirect: '/records/message_rule', meta: { right: 'administer' } }, // they are records
      { path: 'apps', component: () => import('./AppsPage.vue'), meta: { right: 'administer' } },
      { path: 'schemes', component: () => import('./SchemesPage.vue'), meta: { right: 'administer' } },
      { path: 'parameters', component: () => import('./ParametersPage.vue'), meta: { right: 'administer' } },
    ],
  },
]
