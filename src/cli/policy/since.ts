// Holds times that lie back, as people write them: so long ago, a day, or a whole time.

import { rfc3339 } from '../../std/clock.ts'
import { momentOf } from '../moment.ts'

/** RFC 3339 of `30d` ago (also `m`, `h`, `w`), of a day, or of a whole time. Throws `cli.usage`. */
export function sinceOf(text: string, now: number): string {
  if (!/^[1-9][0-9]{0,4}[mhdw]$/.test(text)) return momentOf('--since', text, now)
  const ahead = Date.parse(momentOf('--since', text, now)) - now
  return rfc3339(Math.max(0, now - ahead))
}
