/** A problem in the person's language: by its code, else what the hub wrote. */
import type { ApiProblem, FieldProblem } from '@/api/problem'
import { i18n } from '@/words'

export function problemText(problem: ApiProblem): string {
  const { t, te } = i18n.global
  if (problem.status === 429) return t('problem.throttled', { seconds: problem.retryAfter ?? 60 })
  const fault = problem.fields.find((field) => te(`fault.${field.code}`))
  if (fault) return `${fault.path}: ${faultText(fault)}`
  const key = `problem.${problem.code}`
  return te(key) ? t(key) : problem.message
}

/** What is wrong with one field; a text with fields says where. */
export function faultText({ code, detail, args = {} }: FieldProblem): string {
  const { t, te } = i18n.global
  if (!te(`fault.${code}`)) return detail
  const near = `fault.${code}-near`
  const said = t(args['near'] !== undefined && te(near) ? near : `fault.${code}`, args)
  return args['line'] === undefined ? said : t('fault.at', { ...args, said })
}
