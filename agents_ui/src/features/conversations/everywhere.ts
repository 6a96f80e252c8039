import { defineAsyncComponent } from 'vue'

export const everywhere = defineAsyncComponent(() => import('./start/StartConversation.vue'))
