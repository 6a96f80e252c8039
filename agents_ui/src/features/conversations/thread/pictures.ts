/** Whose remote pictures this person wants to see without being asked: kept at this browser, by person. */
const MOST = 500
const keyOf = (user: string) => `mainstem.pictures.${user}`

function readAll(user: string): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(keyOf(user)) ?? '[]')
    return Array.isArray(kept) ? kept.filter((one) => typeof one === 'string') : []
  } catch {
    return [] // written by somebody else; asking again is the safe way
  }
}

export const alwaysShows = (user: string, sender: string): boolean => readAll(user).includes(sender.toLowerCase())

export function setAlways(user: string, sender: string, on: boolean): void {
  const others = readAll(user).filter((one) => one !== sender.toLowerCase())
  const all = on ? [...others, sender.toLowerCase()].slice(-MOST) : others
  localStorage.setItem(keyOf(user), JSON.stringify(all))
}
