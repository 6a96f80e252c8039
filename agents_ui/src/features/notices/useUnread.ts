/** The newest unread notices and how many there are: one read, then events. */
import { shallowRef } from 'vue'
import { listNotices, unreadOf, type Notice, type Unread } from '@/api/notices'
import { feed, useLive, useReload } from '@/live'

const SHOWN = 20
const NONE: Unread = { ordinary: 0, warning: 0, workflow: 0 }

/** `told` hears of each notice that comes in live. */
export function useUnread(told: (notice: Notice) => void) {
  const items = shallowRef<Notice[]>([])
  const unread = shallowRef<Unread>(NONE)

  async function read(): Promise<void> {
    const page = await listNotices({ state: 'unread', limit: SHOWN })
    items.value = page.items
    unread.value = page.unread
  }

  async function load(): Promise<void> {
    await feed.settled()
    await read()
  }

  useLive('notice.changed', ({ notice, unread: counts }) => {
    unread.value = { ...NONE, ...counts }
    if (!notice) return void read() // read or archived, here or in another browser
    if (items.value.some((one) => one.id === notice.id)) return
    items.value = [notice, ...items.value].slice(0, SHOWN)
    told(notice)
  })
  useReload(read)

  return { items, unread, total: () => unreadOf(unread.value), load }
}
