/** How the assistant reminds this person: kept by the hub, the same in every browser, switched off by the house at once. */
import { onScopeDispose, shallowRef } from 'vue'
import { get, put } from '@/api/client'
import type { components } from '@/api/schema'
import { forgetWithPerson, useSession } from '@/api/session'
import { useLive, useReload } from '@/live'

export type Choices = components['schemas']['Choices']
type Shown = components['schemas']['AssistantOut']
export const CHOICES = ['window', 'flash', 'sound', 'push'] as const satisfies readonly (keyof Choices)[]

/** Shared by the window and the page of settings; null until it is known. */
const choices = shallowRef<Shown | null>(null)
forgetWithPerson(() => (choices.value = null))
/** A switch by the house reaches all consoles in one moment; they ask over this time (milliseconds). */
const SPREAD = 400

export function useChoices() {
  const { user } = useSession()
  let timer: ReturnType<typeof setTimeout> | undefined
  const load = async () => void (choices.value = await get<Shown>('/api/me/assistant'))
  const soon = () => {
    clearTimeout(timer)
    timer = setTimeout(() => void load(), Math.random() * SPREAD)
  }

  async function choose(name: keyof Choices, on: boolean): Promise<void> {
    const now = choices.value
    if (!now) return
    const body: Choices = { window: now.window, flash: now.flash, sound: now.sound, push: now.push, [name]: on }
    choices.value = await put<Shown>('/api/me/assistant', { body })
  }

  useLive('parameter.changed', (data) => {
    if (data.id === 'assistant') soon()
  })
  useLive('record.changed', (data) => {
    if (data.type === 'user' && 'id' in data && data.id === user.value?.id) soon()
  })
  useReload(load)
  onScopeDispose(() => clearTimeout(timer))

  return { choices, load, choose }
}
