/* Taken in by the service worker: shows what the hub pushed, and leads to its page. */
;(() => {
  const FRONT = '/console/'
  const WORDS = {
    en: { ordinary: 'Something for you', warning: 'Warning', workflow: 'Something to decide', open: 'Open Mainstem to see it' },
    'zh-CN': { ordinary: '有新消息', warning: '预警', workflow: '有待处理事项', open: '打开 Mainstem 查看' },
  }

  /** A browser takes the permission away from whoever shows nothing, so that something shows in any case. */
  function read(data) {
    try {
      return data.json()
    } catch {
      return {}
    }
  }

  function show(said) {
    const language = said.language in WORDS ? said.language : 'en'
    const words = WORDS[language]
    const path = typeof said.path === 'string' && said.path.startsWith(FRONT) ? said.path : `${FRONT}notices`
    return self.registration.showNotification(words[said.kind] ?? words.ordinary, {
      body: said.title || words.open,
      tag: said.id ?? 'mainstem', // the same notice again takes the place of the first
      lang: language,
      icon: 'icon-192.png',
      data: { path },
    })
  }

  /** An open console goes there without being loaded anew; where there is none, one is opened. */
  async function open(path) {
    const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
    const consoles = windows.filter((one) => new URL(one.url).pathname.startsWith(FRONT))
    const best = consoles.find((one) => one.focused) ?? consoles.find((one) => one.visibilityState === 'visible') ?? consoles[0]
    if (!best) return self.clients.openWindow(path)
    best.postMessage({ open: path })
    return best.focus().catch(() => undefined)
  }

  self.addEventListener('push', (event) => event.waitUntil(show(read(event.data))))
  self.addEventListener('notificationclick', (event) => {
    event.notification.close()
    event.waitUntil(open(event.notification.data.path))
  })
})()
