// Fails the build when the first load, or any route beyond it, grows above its budget (kB, gzip).
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const LIMIT_KB = 200
const dist = new URL('../dist/', import.meta.url)
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'))
const sizes = new Map()

const kb = (file) => {
  if (!sizes.has(file)) sizes.set(file, gzipSync(readFileSync(new URL(file, dist))).length / 1024)
  return sizes.get(file)
}

/** Every file that is fetched before this entry can run: itself, its styles and its static imports. */
function closure(key, found = new Set()) {
  const chunk = manifest[key]
  if (!chunk || found.has(chunk.file)) return found
  found.add(chunk.file)
  for (const sheet of chunk.css ?? []) found.add(sheet)
  for (const next of chunk.imports ?? []) closure(next, found)
  return found
}

const sum = (files) => [...files].reduce((total, file) => total + kb(file), 0)
const entry = Object.keys(manifest).find((key) => manifest[key].isEntry)
const first = closure(entry)
const rows = [['first load', sum(first)]]
for (const [key, chunk] of Object.entries(manifest)) {
  if (chunk.isDynamicEntry) rows.push([key, sum([...closure(key)].filter((file) => !first.has(file)))])
}

for (const [name, size] of rows) console.log(`${size.toFixed(1).padStart(7)} kB  ${name}`)
const over = rows.filter(([, size]) => size > LIMIT_KB)
if (over.length > 0) {
  console.error(`above the budget of ${LIMIT_KB} kB gzip: ${over.map(([name]) => name).join(', ')}`)
  process.exit(1)
}
