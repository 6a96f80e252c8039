/** Errors that no page dealt with: the person is told, the browser's log has the rest. */
import { ApiProblem } from '@/api/problem'
import { tell } from '@/kit/notify'
import { i18n } from '@/words'
import { problemText } from '@/words/problem'

export function onTrouble(error: unknown): void {
  if (error instanceof ApiProblem) {
    if (error.status !== 401) tell(problemText(error), 'error')
    return
  }
  tell(i18n.global.t('problem.unexpected'), 'error')
  console.error(error)
}
