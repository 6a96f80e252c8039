import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/admin/plans', component: () => import('./PlansPage.vue'), meta: { right: 'administer', named: 'nav.plans' } },
  { path: '/admin/plans/:account', component: () => import('./PlanPage.vue'), props: true, meta: { right: 'administer' } },
]
