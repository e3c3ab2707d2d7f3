// Holds the replay of gateways that the log says were removed, into a database that is older than the log (INV-13).

import type { AuditLog } from '../../audit/log.ts'
import { textOf } from '../../std/json.ts'
import type { Store } from '../../store/open.ts'
import { receiptOf, recorded } from '../recorded.ts'

/** Removes gateways that the rows know and the log does not any more. Says how many. */
export async function replayGateways({
  audit,
  store,
}: {
  readonly audit: Pick<AuditLog, 'tail'>
  readonly store: Pick<Store, 'gateways'>
}): Promise<number> {
  const rows = await store.gateways.all({ state: ['invited', 'active'] })
  const known = new Map(rows.map((held) => [held.doc.id, held]))
  let count = 0
  if (known.size === 0) return count
  for await (const logged of recorded(audit, 'gateway.removed')) {
    const { ts, body, person = '' } = logged.record
    const held = known.get(textOf(body['gateway']))
    if (held === undefined) continue
    const removed = { by: person, reason: textOf(body['reason']), at: Date.parse(ts) }
    const { tokenHash: _hash, tokenEnds: _ends, ...rest } = held.doc
    const doc = { ...rest, state: 'removed' as const, certificates: [], removed }
    await store.gateways.replace(held, doc, receiptOf(logged))
    known.delete(held.doc.id)
    count += 1
    if (known.size === 0) break
  }
  return count
}
