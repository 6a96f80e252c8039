import { describe, expect, it } from 'vitest'

type Tree = { [key: string]: string | Tree }

const files = import.meta.glob<Tree>(['./*.json', './faults/*.json', '../features/*/words/*.json'], { eager: true, import: 'default' })

/** All words of one language; a top-level key that two files give would hide one of them. */
function spoken(language: string): Tree {
  const all: Tree = {}
  for (const [file, words] of Object.entries(files)) {
    if (!file.endsWith(`/${language}.json`)) continue
    for (const [key, value] of Object.entries(words)) {
      if (key in all) throw new Error(`${key} stands in ${file} and elsewhere`)
      all[key] = value
    }
  }
  return all
}

function leaves(tree: Tree, path = ''): Map<string, string> {
  const all = new Map<string, string>()
  for (const [key, value] of Object.entries(tree)) {
    const here = path ? `${path}.${key}` : key
    if (typeof value === 'string') all.set(here, value)
    else for (const [below, text] of leaves(value, here)) all.set(below, text)
  }
  return all
}

const english = leaves(spoken('en'))
const chinese = leaves(spoken('zh-CN'))
const sources = import.meta.glob<string>(['../**/*.{vue,ts}', '!../**/*.spec.ts'], { eager: true, query: '?raw', import: 'default' })

const places = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort()

describe('words', () => {
  it('both languages have the same keys', () => {
    expect([...chinese.keys()].sort()).toEqual([...english.keys()].sort())
  })

  it('no word is empty, and both languages use the same places', () => {
    for (const [key, text] of english) {
      expect(text.trim(), key).not.toBe('')
      expect(places(chinese.get(key) ?? ''), key).toEqual(places(text))
    }
  })

  it('every key that a source file names exists', () => {
    const missing: string[] = []
    for (const [file, text] of Object.entries(sources)) {
      for (const [, key] of text.matchAll(/\bt\('([\w.-]+)'/g)) if (key && !english.has(key)) missing.push(`${file}: ${key}`)
    }
    expect(missing).toEqual([])
  })

  it('no screen text stands outside the words', () => {
    const found: string[] = []
    for (const [file, text] of Object.entries(sources)) {
      if (!file.endsWith('.vue') || file.endsWith('LookSwitches.vue')) continue
      if (/[\u4e00-\u9fff]/.test(text)) found.push(file)
    }
    expect(found).toEqual([])
  })
})
