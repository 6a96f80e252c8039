import { ApiProblem, isProblem } from '@/api/problem'
import { faultLine, formText } from '@/words/problem'
import type { CallList } from './api'

/** Why nobody could be put on a list: each fault in the reader's language, else what the hub wrote. */
export function whyNotFilled({ reason, problem }: Pick<CallList, 'reason' | 'problem'>): string {
  if (!isProblem(problem)) return reason ?? ''
  const said = new ApiProblem(problem)
  if (said.fields.length > 0) return said.fields.map(faultLine).join('; ')
  return said.code === 'invalid' ? (reason ?? '') : formText(said)
}
