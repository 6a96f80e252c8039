/** Which command a key means: pure, so that it can be tested without a browser. */
import type { Command } from '@/kit/commands'

export interface Pressed {
  key: string
  ctrl: boolean
  alt: boolean
  meta: boolean
  /** The focus is where keys are text. */
  writing: boolean
}

/** `g` waits for its second key; this is how long (milliseconds). */
export const WAIT = 1200

export type Meaning = { open: 'palette' | 'help' } | { run: Command } | { begun: string } | null

export function meaningOf(pressed: Pressed, begun: string, commands: readonly Command[], singles: boolean): Meaning {
  const key = pressed.key.length === 1 ? pressed.key.toLowerCase() : pressed.key
  if ((pressed.ctrl || pressed.meta) && !pressed.alt && key === 'k') return { open: 'palette' }
  if (pressed.writing || pressed.ctrl || pressed.alt || pressed.meta || !singles) return null
  if (pressed.key === '?') return { open: 'help' }
  const typed = begun ? `${begun} ${key}` : key
  const command = commands.find((one) => one.keys === typed)
  if (command) return { run: command }
  return !begun && commands.some((one) => one.keys?.startsWith(`${key} `)) ? { begun: key } : null
}

/** Commands whose words or key hold every word that was typed. */
export function fitting(commands: readonly Command[], typed: string): Command[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean)
  return commands.filter((one) => words.every((word) => one.words.toLowerCase().includes(word)))
}
