/** Whether a colleague has answered the customer since one began to write: the soft lock that is asked before sending. */
import { shallowRef } from 'vue'
import { useSession } from '@/api/session'
import type { Message } from '@/api/types'
import { useLive } from '@/live'

export function useAnswered(conversation: string) {
  const { user } = useSession()
  const answered = shallowRef<Message | null>(null)

  useLive('message.appended', ({ message }) => {
    if (message.conversation !== conversation || message.direction !== 'outbound') return
    if (message.author.id !== user.value?.id) answered.value = message
  })
  return answered
}
