import { part } from '@/live/fetched'

export const everywhere = part(() => import('./AssistantWindow.vue'))
