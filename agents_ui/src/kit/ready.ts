/** `data-ready` on the root: the page has its data and the feed has been given its chance. Tests and tools wait for it. */
export function markBusy(): void {
  delete document.documentElement.dataset.ready
}

export function markReady(): void {
  document.documentElement.dataset.ready = 'true'
}
