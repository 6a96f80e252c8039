// The lockfile must not say where packages were downloaded from: it installs from whatever registry a machine is set to.
import { readFileSync } from 'node:fs'

const lock = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'))
const leaks = Object.entries(lock.packages).filter(([, entry]) => 'resolved' in entry && !entry.link)

if (leaks.length > 0) {
  console.error(`package-lock.json holds download addresses (${leaks.length}), first: ${leaks[0][0]}; is .npmrc in place?`)
  process.exit(1)
}
