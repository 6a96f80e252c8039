/**
 * The phone in this person's browser: turned on here once, it is on wherever the console is open. One elected tab holds
 * the line and rings; the others show the same and pass on what is pressed.
 */
import { onMounted, onScopeDispose, readonly, shallowRef } from 'vue'
import { ApiProblem } from '@/api/problem'
import { chime } from '@/kit/chime'
import { electLeader, type Leader } from '@/kit/leader'
import { problemText } from '@/words/problem'
import { freshWay, signPhoneIn } from './api'
import type { LineState, MakeDriver, MyPhone, SoftCall, SoftphoneDriver } from './driver'
import { hasMicrophone } from './microphone'
import { mayBeSame } from './numbers'
import { keepFresh, relayTrouble } from './relay'
import { joinTabs, type Act, type Shown, type Tabs } from './tabs'

const RING_MS = 2000
const AGAIN_MS = 5000
/** A relay that does not let us in is asked again so often. */
const RELAY_AGAIN_MS = 15_000
/** So long a call that was asked for may take to come, to be answered by itself. */
const EXPECT_MS = 30_000
const OFF: Shown = { line: 'off', call: null, trouble: '', relay: null }

const fetchJsSip = async (): Promise<MakeDriver> => (await import('./jssip')).makeJsSip

export function usePhone(user: string, fetchDriver = fetchJsSip) {
  const shown = shallowRef<Shown>(OFF)
  const kept = `mainstem.phone.${user}`
  let driver: SoftphoneDriver | null = null
  let leader: Leader | null = null
  let tabs: Tabs | null = null
  let ringing: ReturnType<typeof setInterval> | undefined
  let again: ReturnType<typeof setTimeout> | undefined
  let endFresh: (() => void) | null = null
  let relayOnly = false
  let expected = { to: '', until: 0 }
  let turn = 0

  function show(change: Partial<Shown>) {
    shown.value = { ...shown.value, ...change }
    tabs?.tell(shown.value)
  }

  function line(state: LineState) {
    show({ line: state })
    // Without a microphone nobody can be talked to: calls must not come here.
    if (state === 'no-microphone' || state === 'taken') hangDown()
  }

  function call(now: SoftCall | null) {
    const before = shown.value.call
    show({ call: now })
    if (now?.state === 'ringing' && !before) arrive(now)
    if (now?.state !== 'ringing') clearInterval(ringing)
    // The relay broke in this call: the next one comes here only if it lets us in again.
    if (!now && relayOnly && shown.value.relay) again = setTimeout(() => void begin())
  }

  function arrive(now: SoftCall) {
    if (Date.now() < expected.until && mayBeSame(now.remote, expected.to)) {
      expected = { to: '', until: 0 }
      driver?.answer()
      return
    }
    chime()
    ringing = setInterval(chime, RING_MS)
  }

  async function begin() {
    const mine = ++turn
    hangDown()
    show({ line: 'starting', trouble: '', relay: null })
    const heard = await hasMicrophone()
    if (mine !== turn) return
    if (!heard) return show({ line: 'no-microphone' })
    await signIn(mine)
  }

  async function signIn(mine: number) {
    try {
      const [phone, make] = await Promise.all([signPhoneIn(), fetchDriver()])
      if (mine !== turn) return
      if (phone.kind === 'desk') return show({ line: 'off' })
      if (!(await mayTalk(phone, mine))) return
      driver = make({
        line: (state) => mine === turn && line(state),
        changed: (now) => mine === turn && call(now),
        relay: (trouble) => mine === turn && show({ relay: trouble }),
      })
      driver.start(phone)
      endFresh = keepFresh(phone.renew_in_s, async () => {
        const way = await freshWay()
        if (mine === turn) driver?.renew(way)
        return way.renew_in_s
      })
    } catch (trouble) {
      if (!(trouble instanceof ApiProblem)) throw trouble
      if (mine !== turn) return
      const passing = trouble.status === 0 || trouble.status >= 500
      show({ line: passing ? 'lost' : 'off', trouble: problemText(trouble) })
      if (passing) again = setTimeout(() => void begin(), AGAIN_MS)
    }
  }

  /** Asks the relays. Where sound goes through them only, and none lets it, calls must not come here: nobody would be heard. */
  async function mayTalk(phone: MyPhone, mine: number): Promise<boolean> {
    const asked = relayTrouble(phone.ice_servers as RTCIceServer[]).then((trouble) => {
      if (mine === turn) show({ relay: trouble })
      return trouble
    })
    relayOnly = phone.relay_only
    if (!relayOnly) return true
    const trouble = await asked
    if (mine !== turn) return false
    if (!trouble) return true
    show({ line: 'no-relay' })
    again = setTimeout(() => void signIn(mine), RELAY_AGAIN_MS)
    return false
  }

  /** Lets go of the line, without a word to the tabs. */
  function hangDown() {
    clearTimeout(again)
    clearInterval(ringing)
    endFresh?.()
    const leaving = driver
    driver = null
    leaving?.stop()
    if (shown.value.call) show({ call: null })
  }

  function end() {
    turn += 1
    hangDown()
    show(OFF)
  }

  function perform(act: Act) {
    if (act.name === 'begin') void begin()
    else if (act.name === 'end') end()
    else if (act.name === 'expect') expected = { to: act.to, until: Date.now() + EXPECT_MS }
    else if (act.name === 'keys') driver?.keys(act.digits)
    else if (act.name === 'mute' || act.name === 'hold') driver?.[act.name](act.on)
    else driver?.[act.name]()
  }

  function press(act: Act) {
    if (act.name === 'begin') localStorage.setItem(kept, 'on')
    if (act.name === 'end') localStorage.removeItem(kept)
    if (leader?.isLeader()) perform(act)
    else tabs?.pass(act)
  }

  function warn(event: BeforeUnloadEvent) {
    if (leader?.isLeader() && shown.value.call) event.preventDefault()
  }

  const leave = () => leader?.isLeader() && hangDown()

  onMounted(() => {
    tabs = joinTabs(user, {
      hello: () => leader?.isLeader() && tabs?.tell(shown.value),
      shown: (theirs) => !leader?.isLeader() && (shown.value = theirs),
      act: (act) => leader?.isLeader() && perform(act),
    })
    leader = electLeader(`${kept}.line`, () => localStorage.getItem(kept) === 'on' && void begin())
    window.addEventListener('beforeunload', warn)
    window.addEventListener('pagehide', leave)
  })
  onScopeDispose(() => {
    window.removeEventListener('beforeunload', warn)
    window.removeEventListener('pagehide', leave)
    turn += 1
    hangDown()
    leader?.stop()
    tabs?.close()
  })

  return { shown: readonly(shown), press, sound: () => driver?.sound() ?? Promise.resolve(null) }
}
