/** True while an input method is choosing a character: Enter then belongs to it and not to us (Safari says only 229). */
export function isComposing(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === 229
}
