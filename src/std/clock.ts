// Holds the clock as a port, so that tests own time and nothing else reads it.

/** Time as the product sees it: injected everywhere, never read from globals. */
export interface Clock {
  /** Wall time in milliseconds since the Unix epoch. */
  now(): number
  /** Monotonic milliseconds since an arbitrary point; never goes backwards. */
  monotonic(): number
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
}

// The second that was written last, up to its point: records come thousands a second, and a date is dear.
let second = Number.NaN
let written = ''

/** RFC 3339 UTC with milliseconds, as every record and API answer prints time. */
export function rfc3339(ms: number): string {
  const whole = Math.floor(ms / 1000)
  if (whole !== second) {
    written = new Date(whole * 1000).toISOString().slice(0, -4)
    second = whole
  }
  return `${written}${String(Math.floor(ms - whole * 1000)).padStart(3, '0')}Z`
}
