/** Both languages are in the first load, so that switching takes no round trip. */
import { createI18n } from 'vue-i18n'
import en from '@/words/en.json'
import zh from '@/words/zh-CN.json'

export const LANGUAGES = ['zh-CN', 'en'] as const
export type Language = (typeof LANGUAGES)[number]

const KEY = 'mainstem.language'

function first(): Language {
  const kept = localStorage.getItem(KEY)
  if (kept === 'zh-CN' || kept === 'en') return kept
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en'
}

export const i18n = createI18n({
  legacy: false,
  locale: first(),
  fallbackLocale: 'en',
  messages: { 'zh-CN': zh, en },
})

document.documentElement.lang = i18n.global.locale.value

export function language(): Language {
  return i18n.global.locale.value as Language
}

export function speak(wanted: Language): void {
  i18n.global.locale.value = wanted
  document.documentElement.lang = wanted
  localStorage.setItem(KEY, wanted)
}
