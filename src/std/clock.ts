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

/** RFC 3339 UTC with milliseconds, as every record and API answer prints time. */
export function rfc3339(ms: number): string {
  return new Date(ms).toISOString()
}
