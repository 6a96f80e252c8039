/** Times of the floor: how long something lasts, by the hub's clock. */

/** `0:07`, `12:34`, `1:02:03`. */
export function spanText(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, String(whole % 60).padStart(2, '0')]
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`
}

export const secondsSince = (since: string, now: number): number => Math.max(0, (now - Date.parse(since)) / 1000)

export const percentText = (share: number | null): string => (share === null ? '–' : `${Math.round(share * 100)}%`)

export const secondsText = (seconds: number | null): string => (seconds === null ? '–' : spanText(seconds))

/** What of a number may stand on a screen that many see: its end. */
export const tailOf = (number: string): string => (number.length > 5 ? `…${number.slice(-4)}` : number)

/** The day of a moment in the browser's zone, as fields take it. */
export function dayText(at: Date): string {
  return [at.getFullYear(), String(at.getMonth() + 1).padStart(2, '0'), String(at.getDate()).padStart(2, '0')].join('-')
}
