// Holds waiting on conditions: tests wait for what they need to see, never for a time that should do.

import { systemClock } from '../../src/std/clock.ts'

/** How long a condition may take on the slowest machine (ms). */
const PATIENCE_MS = 90_000

/** Looks until something is there, and gives it; fails with the name of what never came. */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const end = systemClock.monotonic() + PATIENCE_MS
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    if (systemClock.monotonic() > end) throw new Error(`never seen: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 15))
  }
}

/** True while a process is there; one that has ended and waits for its parent is not. */
export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false
    throw error
  }
}
