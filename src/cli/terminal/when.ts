// Holds how times are shown: absolute in UTC, and how long ago or how long from now.

const UNITS: readonly (readonly [ms: number, unit: string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
]

/** A length of time in its largest whole unit: `45 s`, `12 min`, `3 h`, `2 d`. */
export function span(ms: number): string {
  const length = Math.abs(ms)
  for (const [size, unit] of UNITS) {
    if (length >= size) return `${Math.floor(length / size)} ${unit}`
  }
  return '0 s'
}

/** `3 min ago`, `in 40 s`, `now`. */
export function relative(time: number, now: number): string {
  const away = time - now
  if (Math.abs(away) < 1_000) return 'now'
  return away < 0 ? `${span(away)} ago` : `in ${span(away)}`
}

/** `2026-11-22 20:15:03Z (3 min ago)` of an RFC 3339 time; text that is no time is given back as it is. */
export function when(text: string, now: number): string {
  const time = Date.parse(text)
  if (Number.isNaN(time)) return text
  const absolute = new Date(time).toISOString().slice(0, 19).replace('T', ' ')
  return `${absolute}Z (${relative(time, now)})`
}
