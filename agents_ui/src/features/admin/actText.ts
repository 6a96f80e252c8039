/** What somebody did, in the reader's language: the log's `NOUN.VERB`. What has no words stays as it is written. */
import { i18n } from '@/words'

export function actText(act: string): string {
  const { t, te } = i18n.global
  const [noun = '', verb = ''] = act.includes('.') ? act.split('.') : ['user', act]
  const [one, other] = [`audited.noun.${noun}`, `audited.verb.${verb}`]
  return te(one) && te(other) ? t('audited.act', { noun: t(one), verb: t(other) }) : act
}
