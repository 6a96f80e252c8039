/** Names of colleagues by id; one out of sight keeps the id. */
import { ApiProblem } from '@/api/problem'
import { forgetWithPerson } from '@/api/session'
import { i18n } from '@/words'
import { showRecord } from './api'
import { titleOf } from './show'

const known = new Map<string, Promise<string>>()
forgetWithPerson(() => known.clear())

async function find(id: string): Promise<string> {
  try {
    return titleOf(await showRecord('user', id))
  } catch (trouble) {
    if (trouble instanceof ApiProblem && [403, 404].includes(trouble.status)) return id
    known.delete(id)
    throw trouble
  }
}

export function personName(id: string): Promise<string> {
  if (id === 'system') return Promise.resolve(i18n.global.t('party.system'))
  const asked = known.get(id) ?? find(id)
  known.set(id, asked)
  return asked
}
