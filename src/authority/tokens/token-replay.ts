// Holds the replay of tokens that the log says were revoked, into a database that is older than the log (INV-13).

import type { AuditLog } from '../../audit/log.ts'
import type { Store } from '../../store/open.ts'

/** Records read at a time. */
const PAGE = 1_000

/** The longest that a token lives, in ms: what was revoked longer ago has ended by itself. */
const LIFE_MS = 600_000

/** Revokes tokens that the rows call live and the log does not. Says how many. Reads the newest ten minutes of revocations alone. */
export async function replayTokens({
  audit,
  store,
}: {
  readonly audit: Pick<AuditLog, 'tail'>
  readonly store: Pick<Store, 'tokens'>
}): Promise<number> {
  let count = 0
  let oldest = -Infinity
  for (let before = Number.MAX_SAFE_INTEGER; ;) {
    const page = await audit.tail({ type: 'token.revoked', limit: PAGE, before })
    for (const { record, leaf } of page) {
      const id = record.body['token']
      const held = typeof id === 'string' ? await store.tokens.get(id) : undefined
      if (held?.doc.state !== 'live') continue
      const receipt = { id: record.id, leaf, ts: record.ts }
      await store.tokens.replace(held, { ...held.doc, state: 'revoked' }, receipt)
      count += 1
    }
    // The newest record is not younger than now, so this looks back far enough, whatever the time is.
    const [first] = page
    if (first !== undefined) oldest = Math.max(oldest, Date.parse(first.record.ts) - LIFE_MS)
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE || Date.parse(last.record.ts) < oldest) break
    before = last.index
  }
  return count
}
