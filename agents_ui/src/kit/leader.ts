/** One of this person's tabs is elected: what must happen once (a sound, a notification) happens there. */
const NAME = 'mainstem.leader'
const LEASE_MS = 4000

/** `isLeader` may be asked at any time; `stop` lets another tab take over. */
export interface Leader {
  isLeader: () => boolean
  stop: () => void
}

/** Web Locks where the context is secure; on a plain HTTP console a lease in the shared storage. */
export function electLeader(): Leader {
  return 'locks' in navigator ? byLock() : byLease()
}

const nothing = (): void => undefined

function byLock(): Leader {
  let leads = false
  let release = nothing
  const away = new AbortController()
  const held = new Promise<void>((resolve) => (release = resolve))
  navigator.locks
    .request(NAME, { signal: away.signal }, async () => {
      leads = true
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

function leaseNow(): [who: string, until: number] {
  const [who = '', until = '0'] = (localStorage.getItem(NAME) ?? '').split(' ')
  return [who, Number(until)]
}

function byLease(): Leader {
  const me = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16)).join('')
  const claim = () => {
    const [who, until] = leaseNow()
    if (who === me || until < Date.now()) localStorage.setItem(NAME, `${me} ${Date.now() + LEASE_MS}`)
  }
  claim()
  const timer = setInterval(claim, LEASE_MS / 4)
  const stop = () => {
    clearInterval(timer)
    if (leaseNow()[0] === me) localStorage.removeItem(NAME)
  }
  return { isLeader: () => leaseNow()[0] === me && leaseNow()[1] > Date.now(), stop }
}
