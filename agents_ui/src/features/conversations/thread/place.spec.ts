import { beforeEach, expect, it } from 'vitest'
import { holdPlace } from './place'

const HEIGHT = 100
let box: HTMLElement

/** happy-dom lays nothing out: messages stand below each other, 100 pixels each, moved up by how far the box is scrolled. */
function add(name: string, before: Element | null = null): void {
  const one = document.createElement('article')
  one.dataset.message = name
  one.getBoundingClientRect = () => new DOMRect(0, [...box.children].indexOf(one) * HEIGHT - box.scrollTop, 300, HEIGHT)
  box.insertBefore(one, before)
}

beforeEach(() => {
  box = document.createElement('div')
  box.getBoundingClientRect = () => new DOMRect(0, 0, 300, 250)
  document.body.replaceChildren(box)
  for (const name of ['a', 'b', 'c', 'd']) add(name)
  box.scrollTop = 150 // b is cut in the middle
})

it('what comes in above does not move what is being read', () => {
  const restore = holdPlace(box)
  add('older', box.firstElementChild)
  restore()
  expect(box.scrollTop).toBe(250)
})

it('where the message at the top went, the next one that stayed keeps its place', () => {
  const restore = holdPlace(box)
  box.children[1]?.remove()
  restore()
  expect(box.scrollTop).toBe(50)
})

it('where all that was in sight went, the box is left alone', () => {
  const restore = holdPlace(box)
  for (const one of [...box.children].slice(1)) one.remove()
  restore()
  expect(box.scrollTop).toBe(150)
})
