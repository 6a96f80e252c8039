import { part } from '@/live/fetched'

export const everywhere = part(() => import('./PhoneDock.vue'))
