/**
 * What everybody sees is in the first load, in both languages, so that switching takes no round trip. What only one
 * feature says stands in its folder (`features/NOUN/words/`) and comes with the feature; what is wrong with a field
 * (`words/faults/`) comes with the first problem that names one.
 */
import { createI18n } from 'vue-i18n'
import en from '@/words/en.json'
import zh from '@/words/zh-CN.json'

export const LANGUAGES = ['zh-CN', 'en'] as const
export type Language = (typeof LANGUAGES)[number]
type Words = { [key: string]: string | Words }

const KEY = 'mainstem.language'
const parts = import.meta.glob<Words>(['../features/*/words/*.json', './faults/*.json'], { import: 'default' })
const fetched = new Map<string, Promise<unknown>>()

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
  messages: { 'zh-CN': zh, en } as Record<Language, Words>,
})

document.documentElement.lang = i18n.global.locale.value

/** The words of one feature, in both languages; at once where it has none of its own or they are here. */
export const wordsOf = (feature: string): Promise<unknown> => wordsIn(`../features/${feature}/words`)

/** The words for what is wrong with a field. */
export const faultWords = (): Promise<unknown> => wordsIn('./faults')

function wordsIn(folder: string): Promise<unknown> {
  const known = fetched.get(folder)
  if (known) return known
  const coming = Promise.all(LANGUAGES.map((each) => fetchWords(folder, each)))
  fetched.set(folder, coming)
  coming.catch(() => fetched.delete(folder)) // the next visit asks again
  return coming
}

async function fetchWords(folder: string, wanted: Language): Promise<void> {
  const words = await parts[`${folder}/${wanted}.json`]?.()
  if (words) i18n.global.mergeLocaleMessage(wanted, words)
}

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
