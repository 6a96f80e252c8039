/** Messages on their way from this console to the hub. The target is fixed when *send* is pressed, whatever opens next. */
import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import { newKey } from '@/api/client'
import { ApiProblem } from '@/api/problem'
import { forgetWithPerson } from '@/api/session'
import type { Message, NewMessage } from '@/api/types'
import { addMessage } from '../api'

export interface Outgoing {
  /** Idempotency key: sending again with it can never make a second message. */
  key: string
  conversation: string
  message: NewMessage
  at: string
  problem: ApiProblem | null
}

export const useOutgoing = defineStore('outgoing', () => {
  const all = shallowRef<readonly Outgoing[]>([])

  forgetWithPerson(() => (all.value = []))

  const of = (conversation: string) => all.value.filter((one) => one.conversation === conversation)

  function put(one: Outgoing): void {
    const known = all.value.some((other) => other.key === one.key)
    all.value = known ? all.value.map((other) => (other.key === one.key ? one : other)) : [...all.value, one]
  }

  /** It is in the stream (or the person gave it up). */
  function drop(key: string): void {
    all.value = all.value.filter((one) => one.key !== key)
  }

  /** The stored message, or null when the hub could not take it: then the row stays, with the reason and a way to repeat. */
  async function submit(one: Outgoing): Promise<Message | null> {
    put({ ...one, problem: null })
    try {
      const stored = await addMessage(one.conversation, one.message, one.key)
      drop(one.key)
      return stored
    } catch (trouble) {
      if (!(trouble instanceof ApiProblem)) throw trouble
      put({ ...one, problem: trouble })
      return null
    }
  }

  const send = (conversation: string, message: NewMessage) =>
    submit({ key: newKey(), conversation, message, at: new Date().toISOString(), problem: null })

  return { all, of, send, again: submit, drop }
})
