// Holds the replay of revoked enforcers: those that the log revoked, in a database that is older than the log (INV-13).

import type { AuditLog } from '../../audit/log.ts'
import type { Store } from '../../store/open.ts'
import { receiptOf, recorded } from '../recorded.ts'

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
  if (active.size === 0) return 0
  let count = 0
  for await (const logged of recorded(audit, 'enforcer.revoked')) {
    if (active.size === 0) break
    const { record } = logged
    const { enforcer, reason } = record.body
    const held = typeof enforcer === 'string' ? active.get(enforcer) : undefined
    if (held === undefined) continue
    active.delete(held.doc.name)
    const revoked = {
      by: record.person ?? '',
      reason: typeof reason === 'string' ? reason : '',
      at: Date.parse(record.ts),
    }
    const doc = { ...held.doc, state: 'revoked' as const, revoked }
    await store.enforcers.replace(held, doc, receiptOf(logged))
    count += 1
  }
  return count
}
