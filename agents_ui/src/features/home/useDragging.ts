/** Dragging one block onto another, by pointer; the arrows do the same by keyboard. */
import { watch, type Ref } from 'vue'

const blockOf = (event: Event): string | null =>
  event.target instanceof Element ? (event.target.closest<HTMLElement>('[data-block]')?.dataset.block ?? null) : null

export function useDragging(box: Ref<HTMLElement | null>, moved: (from: string, to: string) => void): void {
  let from: string | null = null
  const begin = (event: Event) => (from = blockOf(event))
  const over = (event: Event) => from && event.preventDefault()
  const drop = (event: Event) => {
    const to = blockOf(event)
    if (from && to && from !== to) moved(from, to)
    if (from) event.preventDefault()
    from = null
  }

  // The listeners go with the element.
  watch(box, (element) => {
    element?.addEventListener('dragstart', begin)
    element?.addEventListener('dragover', over)
    element?.addEventListener('drop', drop)
  })
}
