/** One tab is the phone; the others show what it shows, and pass on what is pressed in them. */
import type { LineState, RelayTrouble, SoftCall } from './driver'

export type Act =
  | { name: 'answer' | 'hangUp' | 'begin' | 'end' }
  | { name: 'mute' | 'hold'; on: boolean }
  | { name: 'keys'; digits: string }
  | { name: 'expect'; to: string }

export interface Shown {
  line: LineState
  call: SoftCall | null
  /** Words of the hub: why the phone cannot be turned on. */
  trouble: string
  /** Why sound may not go through a relay. */
  relay: RelayTrouble | null
}

type Word = { kind: 'hello' } | { kind: 'shown'; shown: Shown } | { kind: 'act'; act: Act }

export interface Tabs {
  tell: (shown: Shown) => void
  pass: (act: Act) => void
  close: () => void
}

export function joinTabs(user: string, on: { hello: () => void; shown: (shown: Shown) => void; act: (act: Act) => void }): Tabs {
  const channel = new BroadcastChannel(`mainstem.phone.${user}`)
  channel.addEventListener('message', ({ data }: MessageEvent<Word>) => {
    if (data.kind === 'hello') on.hello()
    else if (data.kind === 'shown') on.shown(data.shown)
    else on.act(data.act)
  })
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has no target: it ends at our origin
  const say = (word: Word) => channel.postMessage(word)
  say({ kind: 'hello' })
  return {
    tell: (shown) => say({ kind: 'shown', shown }),
    pass: (act) => say({ kind: 'act', act }),
    close: () => channel.close(),
  }
}
