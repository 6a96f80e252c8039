import { expect, it } from 'vitest'
import type { RouteMeta } from 'vue-router'
import { divided, entriesOf } from './navEntries'

const page = (path: string, order: number, more: Partial<RouteMeta> = {}) => ({ path, meta: { nav: { words: `nav${path}`, icon: {}, order }, ...more } })
const paths = (entries: { path: string }[]) => entries.map((entry) => entry.path).join(' ')

it('shows what the person may open, in the order the routes ask for', () => {
  const routes = [page('/c', 9, { right: 'supervise' }), page('/b', 2), page('/a', 1), { path: '/quiet', meta: {} }]
  expect(paths(entriesOf(routes, () => false))).toBe('/a /b')
  expect(paths(entriesOf(routes, () => true))).toBe('/a /b /c')
})

it('a narrow screen puts what does not fit behind one more entry, a wide one shows all', () => {
  const entries = entriesOf(['/a', '/b', '/c', '/d', '/e', '/f', '/g'].map((path, at) => page(path, at)), () => true)
  expect(paths(divided(entries, true).shown)).toBe('/a /b /c /d /e')
  expect(paths(divided(entries, true).rest)).toBe('/f /g')
  expect(divided(entries, false).rest).toEqual([])
  expect(divided(entries.slice(0, 6), true).rest).toEqual([])
})
