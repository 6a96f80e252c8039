/** The arc of the service-level gauge: a half circle from left to right. */
const [X, Y, R] = [60, 56, 48]

function pointAt(share: number): string {
  const angle = Math.PI * (1 - Math.min(1, Math.max(0, share)))
  return `${(X + R * Math.cos(angle)).toFixed(2)} ${(Y - R * Math.sin(angle)).toFixed(2)}`
}

/** The path from one share to another, 0 to 1. */
export const arc = (from: number, to: number): string => `M${pointAt(from)}A${R} ${R} 0 0 1 ${pointAt(to)}`

/** The line that marks the aim. */
export function tickAt(share: number): { x1: number; y1: number; x2: number; y2: number } {
  const angle = Math.PI * (1 - share)
  const at = (r: number) => [X + r * Math.cos(angle), Y - r * Math.sin(angle)] as const
  const [[x1, y1], [x2, y2]] = [at(R - 10), at(R + 8)]
  return { x1, y1, x2, y2 }
}
