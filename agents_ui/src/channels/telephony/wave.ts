/** The picture of a recording, and its times in words. Pure. */

/** At most `count` bars: of each stretch the loudest, 0 to 1; a flat line where nothing is known. */
export function barsOf(peaks: number[], count: number): number[] {
  if (peaks.length === 0) return Array.from({ length: count }, () => 0)
  const bars = Math.min(count, peaks.length)
  return Array.from({ length: bars }, (_, n) => {
    const from = Math.floor((n * peaks.length) / bars)
    const to = Math.max(from + 1, Math.floor(((n + 1) * peaks.length) / bars))
    return Math.max(...peaks.slice(from, to)) / 255
  })
}

/** One path of upright strokes, `height` high, two units apart; quiet stays visible. */
export function pathOf(bars: number[], height: number): string {
  const middle = height / 2
  return bars
    .map((bar, n) => {
      const half = Math.max(0.8, Math.sqrt(bar) * middle * 0.95)
      return `M${n * 2 + 1} ${(middle - half).toFixed(1)}V${(middle + half).toFixed(1)}`
    })
    .join('')
}

/** `1:02:03`, `2:03`. */
export function clockOf(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60]
  const parts = hours > 0 ? [String(hours), String(minutes).padStart(2, '0')] : [String(minutes)]
  return [...parts, String(whole % 60).padStart(2, '0')].join(':')
}

/** Where a key of a slider leads; null for a key that is none of it. */
export function keyTo(key: string, at: number, length: number): number | null {
  const steps: Record<string, number> = { ArrowRight: 5, ArrowUp: 5, ArrowLeft: -5, ArrowDown: -5, PageUp: length / 10, PageDown: -length / 10 }
  if (key === 'Home') return 0
  if (key === 'End') return length
  const step = steps[key]
  return step === undefined ? null : Math.min(length, Math.max(0, at + step))
}
