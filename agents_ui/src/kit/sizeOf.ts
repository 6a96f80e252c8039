/** How large a file is, in the unit that people use for it. */
export function sizeOf(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  if (bytes < 1024 ** 2) return `${(bytes / 1024).toFixed(0)} kB`
  return `${(bytes / 1024 ** 2).toFixed(1)} MB`
}
