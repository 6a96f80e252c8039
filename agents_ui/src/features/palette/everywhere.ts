import { defineAsyncComponent } from 'vue'

export const everywhere = defineAsyncComponent(() => import('./CommandPalette.vue'))
