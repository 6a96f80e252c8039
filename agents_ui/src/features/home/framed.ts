/** Whether an outside application may stand in a frame: never a page of our own, which a sandbox could not keep apart. */
import type { OutsideApp } from './api'

export function framed(app: OutsideApp): boolean {
  return app.frame && /^https?:\/\//i.test(app.url) && new URL(app.url).origin !== location.origin
}
