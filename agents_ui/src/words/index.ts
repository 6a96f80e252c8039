/** Both languages are in the first load, so that switching takes no round trip. */
import { createI18n } from 'vue-i18n'
import en from '@/words/en.json'
import zh from '@/words/zh-CN.json'

export const LANGUAGES = ['zh-CN', 'en'] as const
export type Language = (typeof LANGUAGES)[number]

const KEY = 'mainstem.language'

/** What somebody chose at this browser. */
function chosen(): Language | null {
  const kept = localStorage.getItem(KEY)
  return kept === 'zh-CN' || kept === 'en' ? kept : null
}

const nearest = (tag: string): Language => (tag.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en')

export const i18n = createI18n({
  legacy: false,
  locale: chosen() ?? nearest(navigator.language),
  fallbackLocale: 'en',
  messages: { 'zh-CN': zh, en },
})

document.documentElement.lang = i18n.global.locale.value

export function language(): Language {
  return i18n.global.locale.value as Language
}

function turnTo(wanted: Language): void {
  i18n.global.locale.value = wanted
  document.documentElement.lang = wanted
}

/** A person chooses; this browser keeps it. */
export function speak(wanted: Language): void {
  turnTo(wanted)
  localStorage.setItem(KEY, wanted)
}

/** The language of the person's record (`zh`, `en`), where nobody chose one here. */
export function speakAsKnown(locale: string): void {
  if (chosen() === null) turnTo(nearest(locale))
}
