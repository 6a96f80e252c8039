import { defineAsyncComponent } from 'vue'

export const everywhere = defineAsyncComponent(() => import('./PhoneDock.vue'))
