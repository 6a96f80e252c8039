/** Tells when what was read of a conversation no longer holds and only the hub can say what does. */
import { useLive } from '@/live'
import { isGone } from '@/live/events'

/** `again` runs when messages came or went (split, join), and when the conversation is in sight once more. */
export function useReread(id: string, again: () => Promise<void>): void {
  let away = false

  function seen(other: string, moved: boolean): void {
    if (other !== id || !(moved || away)) return
    away = false
    void again()
  }

  useLive('conversation.changed', (data) => {
    if (!isGone(data)) seen(data.conversation.id, data.moved)
    else if (data.id === id) away = true
  })
  useLive('message.appended', (data) => seen(data.conversation.id, false))
}
