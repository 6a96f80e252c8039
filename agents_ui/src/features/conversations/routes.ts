import { ChatDotRound } from '@element-plus/icons-vue'
import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  {
    path: '/inbox',
    component: () => import('./InboxPage.vue'),
    meta: { nav: { words: 'nav.inbox', icon: ChatDotRound, order: 1 } },
    children: [
      {
        path: ':conversation',
        component: () => import('./ConversationPage.vue'),
        props: (route) => ({ id: String(route.params.conversation) }),
      },
    ],
  },
]
