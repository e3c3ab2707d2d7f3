// Holds the replay of tokens that the log says were revoked, into a database that is older than the log (INV-13).

import type { AuditLog } from '../../audit/log.ts'
import type { Store } from '../../store/open.ts'

/** Records read at a time. */
const PAGE = 1_000

/** Revokes tokens that the rows call live and the log does not. Says how many. */
export async function replayTokens({
  audit,
  store,
}: {
  readonly audit: Pick<AuditLog, 'tail'>
  readonly store: Pick<Store, 'tokens'>
}): Promise<number> {
  const rows = await store.tokens.all({ state: 'live' })
  const live = new Map(rows.map((held) => [held.doc.id, held]))
  // Nothing that was recorded before the oldest of them was issued can have ended one.
  const oldest = rows.reduce((least, { doc }) => Math.min(least, doc.createdAt), Infinity)
  let count = 0
  for (let before = Number.MAX_SAFE_INTEGER; live.size > 0;) {
    const page = await audit.tail({ type: 'token.revoked', limit: PAGE, before })
    for (const { record, leaf } of page) {
      const id = record.body['token']
      const held = typeof id === 'string' ? live.get(id) : undefined
      if (held === undefined) continue
      live.delete(held.doc.id)
      const receipt = { id: record.id, leaf, ts: record.ts }
      await store.tokens.replace(held, { ...held.doc, state: 'revoked' }, receipt)
      count += 1
    }
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE || Date.parse(last.record.ts) < oldest) break
    before = last.index
  }
  return count
}
