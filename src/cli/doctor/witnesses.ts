// Holds the check of who has seen the log besides itself, and how lately.

import type { Status } from '../../wire/api/status.ts'
import type { Finding } from './finding.ts'

/** How long witnesses may see nothing new of a log that beats every minute. */
const STALE_MS = 7_200_000

/** What the server says of them, `named` where the home has a policy for them; `now` in ms since the epoch. */
export function checkWitnesses(
  named: boolean,
  {
    log,
  }: {
    readonly log: Pick<Status['log'], 'forked' | 'witnessed' | 'witnessed_at' | 'witnessed_size'>
  },
  now: number,
): Finding {
  const check = 'witness'
  if (log.forked !== null) {
    const next = 'keep log/ as it is, and compare it with what the witness holds'
    return { check, state: 'bad', detail: `another history was seen: ${log.forked}`, next }
  }
  if (!named) {
    const detail = 'unwitnessed: nobody but this log vouches for it'
    return { check, state: 'warn', detail, next: 'let others see it: docs/operate/witness.md' }
  }
  if (!log.witnessed) {
    const detail = 'the quorum of witness.policy has not seen the newest shard'
    return { check, state: 'warn', detail, next: 'look whether the witnesses answer' }
  }
  const at = log.witnessed_at
  const until = `witnessed up to ${log.witnessed_size ?? 0} of its shard`
  if (at === null || now - Date.parse(at) > STALE_MS) {
    const detail = `${until}, and no further since ${at ?? 'this start'}`
    return { check, state: 'warn', detail, next: 'look whether the witnesses answer' }
  }
  return { check, state: 'ok', detail: `${until}, at ${at}` }
}
