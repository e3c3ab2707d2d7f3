// Holds the replay of revoked enforcers: those that the log revoked, in a database that is older than the log (INV-13).

import type { AuditLog } from '../../audit/log.ts'
import type { Store } from '../../store/open.ts'

/** Records read at a time. */
const PAGE = 1_000

/** Revokes enforcers that the rows call active and the log does not; a name is never given twice. Says how many. */
export async function replayEnforcers({
  audit,
  store,
}: {
  readonly audit: Pick<AuditLog, 'tail'>
  readonly store: Pick<Store, 'enforcers'>
}): Promise<number> {
  const active = new Map(
    (await store.enforcers.all({ state: 'active' })).map((held) => [held.doc.name, held]),
  )
  let count = 0
  for (let before = Number.MAX_SAFE_INTEGER; active.size > 0;) {
    const page = await audit.tail({ type: 'enforcer.revoked', limit: PAGE, before })
    for (const { record, leaf } of page) {
      const { enforcer, reason } = record.body
      const held = typeof enforcer === 'string' ? active.get(enforcer) : undefined
      if (held === undefined) continue
      active.delete(held.doc.name)
      const revoked = {
        by: record.person ?? '',
        reason: typeof reason === 'string' ? reason : '',
        at: Date.parse(record.ts),
      }
      const receipt = { id: record.id, leaf, ts: record.ts }
      await store.enforcers.replace(held, { ...held.doc, state: 'revoked', revoked }, receipt)
      count += 1
    }
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE) return count
    before = last.index
  }
  return count
}
