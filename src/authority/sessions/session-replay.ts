// Holds the replay of sessions that the log ended, into a database that is older than the log (INV-13).

import type { AuditLog } from '../../audit/log.ts'
import type { Store } from '../../store/open.ts'
import { receiptOf, recorded } from '../recorded.ts'

/** Ends sessions that the rows call live and the log does not. Says how many. */
export async function replaySessions({
  audit,
  store,
}: {
  readonly audit: Pick<AuditLog, 'tail'>
  readonly store: Pick<Store, 'sessions'>
}): Promise<number> {
  const live = new Map(
    (await store.sessions.all({ state: 'live' })).map((held) => [held.doc.hash, held]),
  )
  if (live.size === 0) return 0
  // Nothing that was recorded before the oldest of them was opened can have ended one.
  const oldest = Math.min(...[...live.values()].map(({ doc }) => doc.createdAt))
  let count = 0
  for await (const logged of recorded(audit, 'session.ended', oldest)) {
    if (live.size === 0) break
    const hash = logged.record.body['session']
    const held = typeof hash === 'string' ? live.get(hash) : undefined
    if (held === undefined) continue
    live.delete(held.doc.hash)
    await store.sessions.replace(held, { ...held.doc, state: 'ended' }, receiptOf(logged))
    count += 1
  }
  return count
}
