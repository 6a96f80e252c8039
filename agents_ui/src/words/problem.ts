/** A problem in the person's language: by its code, else what the hub wrote. */
import type { ApiProblem, FieldProblem } from '@/api/problem'
import { i18n } from '@/words'

export function problemText(problem: ApiProblem): string {
  const fault = problem.fields.find((field) => wordsFor(field) !== null)
  return fault ? faultLine(fault) : formText(problem)
}

/** A problem above a form that says each fault at its field. */
export function formText(problem: ApiProblem): string {
  const { t, te } = i18n.global
  if (problem.status === 429) return t('problem.throttled', { seconds: problem.retryAfter ?? 60 })
  const key = `problem.${problem.code}`
  return te(key) ? t(key) : problem.message
}

/** A fault where its field is not on the screen. */
export const faultLine = (fault: FieldProblem): string => `${fault.path}: ${faultText(fault)}`

/** What is wrong at a field of a form, or inside of it; '' where nothing is. */
export function faultAt(problem: ApiProblem | null, path: string): string {
  const fault = problem?.fields.find((one) => one.path === path || one.path.startsWith(`${path}.`))
  return fault ? faultText(fault) : ''
}

/** What is wrong with one field, else what the hub wrote; a text with fields says where. */
export function faultText(fault: FieldProblem): string {
  const { t, te } = i18n.global
  const { detail, args = {} } = fault
  const name = wordsFor(fault)
  if (name === null) return detail
  const said = t(args['near'] !== undefined && te(`${name}-near`) ? `${name}-near` : name, args)
  return args['line'] === undefined ? said : t('fault.at', { ...args, said })
}

/** The words of a fault: by its rule, which is the finer, else by its code. */
function wordsFor({ code, args = {} }: FieldProblem): string | null {
  const names = [args['rule'], code].filter((each) => each !== undefined).map((each) => `fault.${each}`)
  return names.find((name) => i18n.global.te(name)) ?? null
}
