// Holds the replay of checks that the log says were removed, into a database that is older than the log (INV-13).

import type { AuditLog } from '../../audit/log.ts'
import { textOf } from '../../std/json.ts'
import type { Store } from '../../store/open.ts'
import { receiptOf, recorded } from '../recorded.ts'

/** Removes checks that the rows call active and the log does not. Says how many. */
export async function replayChecks({
  audit,
  store,
}: {
  readonly audit: Pick<AuditLog, 'tail'>
  readonly store: Pick<Store, 'checks'>
}): Promise<number> {
  const active = new Map((await store.checks.all({ state: 'active' })).map((h) => [h.doc.id, h]))
  if (active.size === 0) return 0
  let count = 0
  for await (const logged of recorded(audit, 'check.removed')) {
    if (active.size === 0) break
    const { ts, body, person = '' } = logged.record
    const held = active.get(textOf(body['check']))
    if (held === undefined) continue
    const removed = { by: person, reason: textOf(body['reason']), at: Date.parse(ts) }
    const doc = { ...held.doc, state: 'removed' as const, sealed: '', removed }
    await store.checks.replace(held, doc, receiptOf(logged))
    active.delete(held.doc.id)
    count += 1
  }
  return count
}
