// Holds times as people write them on a command line: so long from now, a day, or a whole time.

import { rfc3339 } from '../std/clock.ts'
import { Moment } from '../wire/api/text.ts'
import { fault } from './faults.ts'

const UNITS: Readonly<Record<string, number>> = {
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/**
 * RFC 3339 of `30d` (also `m` minutes, `h` hours, `w` weeks), of `2027-01-31` (its first instant, UTC), or of a whole time.
 * Throws `cli.usage`, naming the option.
 */
export function momentOf(option: string, text: string, now: number): string {
  const [, count, unit = ''] = /^([1-9][0-9]{0,4})([mhdw])$/.exec(text) ?? []
  if (count !== undefined) return rfc3339(now + Number(count) * UNITS[unit]!)
  const whole = Moment.safeParse(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text)
  if (whole.success) return rfc3339(Date.parse(whole.data))
  throw fault(
    'cli.usage',
    `${option} takes 30d, 12h, 2027-01-31 or a time like 2027-01-31T12:00:00Z`,
  )
}

/** The same, or null for `never`. */
export function momentOrNever(option: string, text: string, now: number): string | null {
  return text === 'never' ? null : momentOf(option, text, now)
}

/** RFC 3339 of so long ago (`30m`, `12h`, `7d`, `2w`; `0m` is now), of a day, or of a whole time. Throws `cli.usage`, naming the option. */
export function pastOf(option: string, text: string, now: number): string {
  const [, count, unit = ''] = /^(0|[1-9][0-9]{0,4})([mhdw])$/.exec(text) ?? []
  return count === undefined
    ? momentOf(option, text, now)
    : rfc3339(now - Number(count) * UNITS[unit]!)
}
