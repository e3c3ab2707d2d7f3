// Holds the replay of checks that the log says were removed, into a database that is older than the log (INV-13).

import type { AuditLog } from '../../audit/log.ts'
import type { Json } from '../../std/json.ts'
import type { Store } from '../../store/open.ts'

/** Records read at a time. */
const PAGE = 1_000

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : ''
}

/** Removes checks that the rows call active and the log does not. Says how many. */
export async function replayChecks({
  audit,
  store,
}: {
  readonly audit: Pick<AuditLog, 'tail'>
  readonly store: Pick<Store, 'checks'>
}): Promise<number> {
  const active = new Map((await store.checks.all({ state: 'active' })).map((h) => [h.doc.id, h]))
  let count = 0
  for (let before = Number.MAX_SAFE_INTEGER; active.size > 0;) {
    const page = await audit.tail({ type: 'check.removed', limit: PAGE, before })
    for (const { record, leaf } of page) {
      const { id, ts, body, person = '' } = record
      const held = active.get(textOf(body['check']))
      if (held === undefined) continue
      const removed = { by: person, reason: textOf(body['reason']), at: Date.parse(ts) }
      const doc = { ...held.doc, state: 'removed' as const, sealed: '', removed }
      await store.checks.replace(held, doc, { id, leaf, ts })
      active.delete(held.doc.id)
      count += 1
    }
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE) break
    before = last.index
  }
  return count
}
