/** Keeps what a person is reading where it is on the screen while the messages around it change. */

/** Remembers the messages from the top of `box` downwards. The answer, called once the page has changed, scrolls so that
 *  the first of them that is still there stands where it stood; where none is, the box stays as the browser left it. */
export function holdPlace(box: HTMLElement): () => void {
  const top = box.getBoundingClientRect().top
  const stood = [...box.querySelectorAll<HTMLElement>('[data-message]')]
    .map((one) => ({ one, rect: one.getBoundingClientRect() }))
    .filter(({ rect }) => rect.bottom > top)
  return () => {
    const left = stood.find(({ one }) => one.isConnected)
    if (left) box.scrollTop += left.one.getBoundingClientRect().top - left.rect.top
  }
}
