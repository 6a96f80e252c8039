/** Saving a text with fields: said when it was done, or what is wrong and where. */
import { useI18n } from 'vue-i18n'
import { useSending } from '@/words/useSending'
import { tell } from '@/kit/notify'
import { faultText, problemText } from '@/words/problem'

export function useSaving() {
  const { t } = useI18n()
  const { busy: saving, refused, send } = useSending()

  async function save(act: (key: string) => Promise<unknown>): Promise<boolean> {
    const done = await send(act)
    const fault = refused.value?.fields[0]
    if (done) tell(t('templates.saved'), 'success')
    else if (refused.value) tell(fault ? `${fault.path}: ${faultText(fault)}` : problemText(refused.value), 'error')
    return done
  }

  return { saving, save }
}
