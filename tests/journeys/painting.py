"""What is put into a page to measure how soon something is on the screen."""

from __future__ import annotations

PAINTED = """() => { window.painted = new Promise(done => {
  new MutationObserver((_, watch) => {
    if (!document.querySelector('[data-message]')) return
    watch.disconnect()
    requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - window.clicked)))
  }).observe(document.body, {childList: true, subtree: true}) })
  document.addEventListener('click', () => { window.clicked ??= performance.now() }, {capture: true}) }"""
"""From a click until the first message of a conversation is painted: `window.painted`, in milliseconds."""

HEAR = """(() => {
  window.took = {}
  const heard = {}
  const Plain = window.WebSocket
  window.WebSocket = class extends Plain {
    constructor(...given) {
      super(...given)
      this.addEventListener('message', ({data}) => {
        const turn = /"subject":\\s?"(Turn \\d+\\.)"/.exec(String(data))?.[1]
        if (turn) heard[turn] ??= performance.now()
      })
    }
  }
  const look = () => {
    for (const row of document.querySelectorAll('.conversation-row__subject')) {
      const turn = row.textContent.trim()
      if (turn in heard && !(turn in window.took)) window.took[turn] = performance.now() - heard[turn]
    }
  }
  document.addEventListener('DOMContentLoaded', () =>
    new MutationObserver(look).observe(document.body, {childList: true, subtree: true, characterData: true}))
})()"""
"""When the browser has an event, by what its frame says, and when a row has its words: `window.took`, in milliseconds."""

LOAD_ALL = """async (box, many) => {
  const rows = () => Number(box.querySelector('ul').style.height.replace('px', '')) / 82
  const ends = performance.now() + 240000
  while (rows() < many) {
    if (performance.now() > ends) throw new Error(`only ${rows()} rows after four minutes`)
    box.scrollTop = box.scrollHeight
    await new Promise(done => setTimeout(done, 20))
  }
}"""
"""Has all rows of a list fetched."""

POPS = """(() => {
  window.pops = {}
  const rang = {}
  const Plain = window.WebSocket
  window.WebSocket = class extends Plain {
    constructor(...given) {
      super(...given)
      this.addEventListener('message', ({data}) => {
        if (typeof data !== 'string' || !data.includes('"call.ringing"')) return
        const [name, wire] = JSON.parse(data.slice(data.indexOf('[')))
        if (name === 'call.ringing') rang[wire.data.number] ??= Date.parse(wire.data.stamps.pbx)
      })
    }
  }
  const look = () => {
    const card = document.querySelector('.call-card')
    const number = card?.querySelector('.call-card__number')?.textContent.trim()
    if (!(number in rang) || number in window.pops || !card.querySelector('[data-candidate]')) return
    window.pops[number] = null
    requestAnimationFrame(() => requestAnimationFrame(() => { window.pops[number] = Date.now() - rang[number] }))
  }
  document.addEventListener('DOMContentLoaded', () =>
    new MutationObserver(look).observe(document.body, {childList: true, subtree: true, characterData: true}))
})()"""
"""From the PBX's stamp of a ringing call until its card, with the contact, is painted: `window.pops`, milliseconds by number; the
console takes its own stamp `painted` at the same moment."""
