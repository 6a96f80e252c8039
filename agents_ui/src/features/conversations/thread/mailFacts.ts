/** What is known of a mail beside its words, as marks to show; pure. */
import type { Message } from '@/api/types'

export const CHECKS = ['dmarc', 'dkim', 'spf'] as const
export type Check = (typeof CHECKS)[number]
type Verdict = 'pass' | 'fail' | 'none'

/** A result as the hub writes it: the word alone, or with the domain it is about. */
function wordOf(found: unknown): string {
  if (typeof found === 'string') return found
  if (typeof found === 'object' && found !== null && 'result' in found) return String(found.result)
  return ''
}

function verdictOf(word: string): Verdict {
  if (word === 'pass') return 'pass'
  return word === 'fail' || word === 'softfail' || word === 'permerror' ? 'fail' : 'none'
}

export interface Authentication {
  verdict: Verdict
  /** Each check with the word of its result, such as `dkim pass`. */
  results: string[]
}

/** DMARC says it all where it is known; else a check that passed for the author's own domain does (`aligned`), and a failed
 *  one makes a doubt. What passed for another domain says nothing of the author. */
export function authenticationOf(message: Message): Authentication | null {
  const facts = message.mail?.authentication
  if (!facts) return null
  const words = CHECKS.map((check) => [check, wordOf(facts[check])] as const).filter(([, word]) => word !== '')
  if (words.length === 0) return null
  const verdicts = words.map(([, word]) => verdictOf(word))
  const dmarc = words[0]?.[0] === 'dmarc' ? verdicts[0] : undefined
  const known = dmarc && dmarc !== 'none' ? dmarc : null
  return { verdict: known ?? withoutPolicy(verdicts, facts.aligned), results: words.map(([check, word]) => `${check} ${word}`) }
}

function withoutPolicy(verdicts: readonly Verdict[], aligned: unknown): Verdict {
  if (aligned === true) return 'pass'
  if (verdicts.includes('fail')) return 'fail'
  return verdicts.includes('pass') && aligned !== false ? 'pass' : 'none'
}

/** Whether the mail's own facts speak against its sender. */
export const isDoubtful = (message: Message): boolean => authenticationOf(message)?.verdict === 'fail'

export interface Bounce {
  recipient: string
  status: string
  permanent: boolean
}

/** Whom a mail could not be delivered to, as a bounce says. */
export function bouncesOf(message: Message): Bounce[] {
  const { bounces, bounce } = message.mail ?? {}
  const all = bounces?.length ? bounces : bounce ? [bounce] : []
  return all.map((one) => ({ recipient: one.recipient ?? '', status: one.status ?? '', permanent: one.permanent === true }))
}

/** The rules that acted on a message before it came in, by name. */
export function rulesOf(message: Message): string[] {
  return (message.ruled ?? []).map((one) => one.name || one.rule)
}
