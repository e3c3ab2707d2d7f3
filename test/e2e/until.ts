// Holds waiting on conditions: tests wait for what they need to see, never for a time that should do.

import { readFileSync } from 'node:fs'
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

/** True while a process is there; one that has ended and waits for its parent to notice is not. */
export function alive(pid: number): boolean {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch (error) {
    // ESRCH: it went while we were reading.
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ESRCH') return false
    throw error
  }
  // The name stands in brackets and may hold anything; the state comes after it.
  return !/^[ZX]$/.test(stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3))
}
