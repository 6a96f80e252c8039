/** A problem in the person's language: by its code, else what the hub wrote. */
import type { ApiProblem } from '@/api/problem'
import { i18n } from '@/words'

export function problemText(problem: ApiProblem): string {
  const { t, te } = i18n.global
  if (problem.status === 429) return t('problem.throttled', { seconds: problem.retryAfter ?? 60 })
  const key = `problem.${problem.code}`
  return te(key) ? t(key) : problem.message
}
