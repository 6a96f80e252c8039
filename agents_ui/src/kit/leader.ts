/** One of this person's tabs is elected: what must happen once (a sound, a notification) happens there. */
const NAME = 'mainstem.leader'
const LEASE_MS = 4000

/** `isLeader` may be asked at any time; `stop` lets another tab take over. */
export interface Leader {
  isLeader: () => boolean
  stop: () => void
}

const nothing = (): void => undefined

/** `elected` is called when this tab becomes it. Web Locks where the context is secure; on a plain HTTP console a lease in the shared storage. */
export function electLeader(name = NAME, elected: () => void = nothing): Leader {
  return 'locks' in navigator ? byLock(name, elected) : byLease(name, elected)
}

function byLock(name: string, elected: () => void): Leader {
  let leads = false
  let release = nothing
  const away = new AbortController()
  const held = new Promise<void>((resolve) => (release = resolve))
  navigator.locks
    .request(name, { signal: away.signal }, async () => {
      leads = true
      elected()
      await held
      leads = false
    })
    .catch((reason: unknown) => {
      if (!away.signal.aborted) throw reason
    })
  const stop = () => {
    leads = false
    release()
    away.abort()
  }
  return { isLeader: () => leads, stop }
}

function leaseNow(name: string): [who: string, until: number] {
  const [who = '', until = '0'] = (localStorage.getItem(name) ?? '').split(' ')
  return [who, Number(until)]
}

function byLease(name: string, elected: () => void): Leader {
  const me = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16)).join('')
  const claim = () => {
    const [who, until] = leaseNow(name)
    if (who !== me && until >= Date.now()) return
    localStorage.setItem(name, `${me} ${Date.now() + LEASE_MS}`)
    if (who !== me) elected()
  }
  claim()
  const timer = setInterval(claim, LEASE_MS / 4)
  const stop = () => {
    clearInterval(timer)
    if (leaseNow(name)[0] === me) localStorage.removeItem(name)
  }
  return { isLeader: () => leaseNow(name)[0] === me && leaseNow(name)[1] > Date.now(), stop }
}
