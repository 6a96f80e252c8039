/** Templates and canned answers in a first message, their fields filled in for the contact it goes to. */
import type { Ref, ShallowRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { ApiProblem } from '@/api/problem'
import { tell } from '@/kit/notify'
import { problemText } from '@/words/problem'
import type { DraftKind } from '../composer/drafts'
import type { Options } from '../composer/options'
import { mergeTexts, type TemplateRow } from './api'

export function useFill(texts: Ref<Record<DraftKind, string>>, options: ShallowRef<Options>, contact: Ref<string | null>) {
  const { locale } = useI18n()
  const language = () => (locale.value === 'zh-CN' ? 'zh' : 'en') as 'zh' | 'en'

  const fill = async (text: string): Promise<string> => (await mergeTexts({ subject: '', text, html: '' }, language(), contact.value)).text

  /** A subject that was written stays; the text goes behind what is there. */
  async function useTemplate(template: TemplateRow): Promise<void> {
    const written = { subject: template.subject ?? '', text: template.text_body ?? '', html: template.text_body ? '' : (template.body ?? '') }
    try {
      const merged = await mergeTexts(written, template.language ?? language(), contact.value)
      const text = merged.text || plain(merged.html ?? '')
      texts.value.reply = [texts.value.reply.trimEnd(), text].filter(Boolean).join('\n\n')
      if (!options.value.subject) options.value = { ...options.value, subject: merged.subject }
    } catch (trouble) {
      if (!(trouble instanceof ApiProblem)) throw trouble
      tell(problemText(trouble), 'error')
    }
  }

  return { fill, useTemplate }
}

/** The words of formatted text; a line for each paragraph. Parsed, never run. */
function plain(html: string): string {
  const page = new DOMParser().parseFromString(html.replace(/<(?:br|\/p|\/div|\/li|\/tr|\/h\d)[^>]*>/gi, '$&\n'), 'text/html')
  return (page.body.textContent ?? '').replace(/[ \t]+\n/g, '\n').replace(/\n{3,}/g, '\n\n').trim()
}
