/** One conversation: read by REST, kept by its events, changed with the revision that was read. */
import { shallowRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { ApiProblem } from '@/api/problem'
import type { Conversation, ConversationChange } from '@/api/types'
import { tell } from '@/kit/notify'
import { feed, useLive, useReload } from '@/live'
import { isGone } from '@/live/events'
import { useAgainOnceLive } from '@/live/useAgainOnceLive'
import { problemText } from '@/words/problem'
import { changeConversation, showConversation } from './api'
import { useReread } from './useReread'

export function useConversation(id: string) {
  const { t } = useI18n()
  const conversation = shallowRef<Conversation | null>(null)
  const problem = shallowRef<ApiProblem | null>(null)
  const gone = shallowRef(false)
  /** The conversation that this one was joined into. */
  const joinedInto = shallowRef<string | null>(null)

  function take(one: Conversation): void {
    if (one.id !== id || (conversation.value && conversation.value.revision > one.revision)) return
    conversation.value = one
    gone.value = false
  }

  async function read(): Promise<void> {
    problem.value = null
    try {
      const found = await showConversation(id)
      if (found.id !== id) joinedInto.value = found.id
      take(found)
    } catch (trouble) {
      if (!(trouble instanceof ApiProblem)) throw trouble
      problem.value = trouble
    }
  }

  /** Out of sight: joined into another one, which is shown instead, or no longer for this person. */
  async function lost(): Promise<void> {
    gone.value = true
    try {
      const found = await showConversation(id)
      if (found.id !== id) joinedInto.value = found.id
      else take(found)
    } catch (trouble) {
      if (!(trouble instanceof ApiProblem)) throw trouble
      if (trouble.status !== 404) problem.value = trouble
    }
  }

  async function load(): Promise<void> {
    await feed.settled()
    await read()
  }

  /** True when it was done. Where somebody was faster the screen shows their state, and the person decides again. */
  async function change(what: ConversationChange): Promise<boolean> {
    if (!conversation.value) return false
    try {
      take(await changeConversation(id, conversation.value.revision, what))
      return true
    } catch (trouble) {
      if (!(trouble instanceof ApiProblem)) throw trouble
      tell(trouble.status === 412 ? t('conversation.overtaken') : problemText(trouble), 'warning')
      if (trouble.status === 412) await read()
      return false
    }
  }

  useLive('message.appended', (data) => take(data.conversation))
  useLive('conversation.changed', (data) => {
    if (!isGone(data)) take(data.conversation)
    else if (data.id === id) void lost()
  })
  useReread(id, read)
  useReload(async () => {
    await read()
    if (problem.value) throw problem.value
  })

  useAgainOnceLive(problem, load)

  return { conversation, problem, gone, joinedInto, load, change }
}
