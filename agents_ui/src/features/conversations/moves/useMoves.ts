/** Splitting and joining with a way back: the toast undoes what was just done. */
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import { ApiProblem } from '@/api/problem'
import type { Move } from '@/api/types'
import { tell } from '@/kit/notify'
import { offer } from '@/kit/offer'
import { problemText } from '@/words/problem'
import { joinInto, splitOff, undoMove } from '../api'

/** True when it was done. */
async function attempt(act: () => Promise<void>): Promise<boolean> {
  try {
    await act()
    return true
  } catch (trouble) {
    if (!(trouble instanceof ApiProblem)) throw trouble
    tell(problemText(trouble), 'error')
    return false
  }
}

export function useMoves(conversation: string) {
  const { t } = useI18n()
  const router = useRouter()

  const undo = (move: Move) => () =>
    attempt(async () => {
      await undoMove(conversation, move.move)
      tell(t('moves.undone'), 'success')
      await router.push({ path: `/inbox/${conversation}`, query: router.currentRoute.value.query })
    })

  const split = (messages: string[], subject: string) =>
    attempt(async () => {
      const move = await splitOff(conversation, messages, subject.trim() || null)
      offer(t('moves.wasSplit', { n: messages.length }), t('moves.undo'), undo(move))
    })

  const join = (into: string) =>
    attempt(async () => {
      const move = await joinInto(conversation, into)
      offer(t('moves.wasJoined'), t('moves.undo'), undo(move))
      await router.push({ path: `/inbox/${into}`, query: router.currentRoute.value.query })
    })

  return { split, join }
}
