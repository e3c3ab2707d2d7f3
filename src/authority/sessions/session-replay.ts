// Holds the replay of sessions that the log ended, into a database that is older than the log (INV-13).

import type { AuditLog } from '../../audit/log.ts'
import type { Store } from '../../store/open.ts'

/** Records read at a time. */
const PAGE = 1_000

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
  // Nothing that was recorded before the oldest of them was opened can have ended one.
  const oldest = Math.min(...[...live.values()].map(({ doc }) => doc.createdAt))
  let count = 0
  for (let before = Number.MAX_SAFE_INTEGER; live.size > 0;) {
    const page = await audit.tail({ type: 'session.ended', limit: PAGE, before })
    for (const { record, leaf } of page) {
      const hash = record.body['session']
      const held = typeof hash === 'string' ? live.get(hash) : undefined
      if (held === undefined) continue
      live.delete(held.doc.hash)
      const receipt = { id: record.id, leaf, ts: record.ts }
      await store.sessions.replace(held, { ...held.doc, state: 'ended' }, receipt)
      count += 1
    }
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE || Date.parse(last.record.ts) < oldest) break
    before = last.index
  }
  return count
}
