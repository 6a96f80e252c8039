/** Numbers as people write them. */
const digits = (text: string): string => text.replace(/\D/g, '')
const TELLING = 6

/** Whether two spellings may be one number: the longer one ends with the shorter, and that one is long enough to tell. */
export function mayBeSame(one: string, other: string): boolean {
  const [short = '', long = ''] = [digits(one), digits(other)].sort((a, b) => a.length - b.length)
  if (short === long) return short !== ''
  return short.replace(/^0/, '').length >= TELLING && long.endsWith(short.replace(/^0/, ''))
}

const two = (value: number) => String(value).padStart(2, '0')

/** `1:05`, `1:00:09`. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const hours = Math.floor(whole / 3600)
  const minutes = Math.floor((whole % 3600) / 60)
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`
}
