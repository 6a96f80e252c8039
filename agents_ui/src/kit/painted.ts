/** Resolves once what was just rendered has been on the screen; in a hidden tab, where nothing is painted, soon. */
const AT_MOST_MS = 250

export function painted(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, AT_MOST_MS)
    requestAnimationFrame(() => requestAnimationFrame(() => resolve()))
  })
}
