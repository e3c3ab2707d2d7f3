// Holds the replay of amendments: what the log says was used up or ended, into a database that is older than the log (INV-13).

import type { AuditLog } from '../../audit/log.ts'
import type { LoggedRecord } from '../../audit/log-reader.ts'
import type { Store } from '../../store/open.ts'
import type { Amendment } from '../../store/rows/amendment.ts'
import { AMENDMENT_ENDS } from './amendments.ts'
import { recorded } from '../recorded.ts'

interface Ports {
  readonly audit: Pick<AuditLog, 'tail'>
  readonly store: Pick<Store, 'amendments'>
}

/** Takes from active amendments every use, and ends those that the log says have ended. Says how many it changed. */
export async function replayAmendments(ports: Ports): Promise<number> {
  const { store } = ports
  const active = await store.amendments.all({ state: 'active' })
  if (active.length === 0) return 0
  // Nothing that was recorded before the oldest of them was given can be about one.
  const oldest = active.reduce((least, { doc }) => Math.min(least, doc.createdAt), Infinity)
  const uses = new Map<string, { count: number; last: LoggedRecord }>()
  for await (const logged of recorded(ports.audit, 'amendment.used', oldest)) {
    const id = amendmentOf(logged)
    const known = uses.get(id)
    // The newest comes first.
    uses.set(id, { count: (known?.count ?? 0) + 1, last: known?.last ?? logged })
  }
  const ends = new Map<string, { state: Amendment['state']; logged: LoggedRecord }>()
  for (const [state, type] of Object.entries(AMENDMENT_ENDS)) {
    for await (const logged of recorded(ports.audit, type, oldest)) {
      ends.set(amendmentOf(logged), { state: state as keyof typeof AMENDMENT_ENDS, logged })
    }
  }
  let changed = 0
  for (const held of active) {
    const end = ends.get(held.doc.id)
    const used = uses.get(held.doc.id)
    const next = nextOf(held.doc, used?.count ?? 0, end?.state)
    const said = end?.logged ?? used?.last
    if (next === undefined || said === undefined) continue
    const { id, ts } = said.record
    const ended = { reason: 'the log says so', at: Date.parse(ts) }
    const doc = next.state === 'active' ? next : { ...next, sealed: '', ended }
    await store.amendments.replace(held, doc, { id, leaf: said.leaf, ts })
    changed += 1
  }
  return changed
}

/** What the log leaves of one; undefined where that is no less than the row says. */
function nextOf(
  doc: Amendment,
  uses: number,
  end: Amendment['state'] | undefined,
): Amendment | undefined {
  const used = Math.max(doc.used, uses)
  if (end !== undefined) return { ...doc, used, state: end }
  if (used === doc.used) return undefined
  return { ...doc, used, ...(used >= doc.count && { state: 'used' as const }) }
}

function amendmentOf({ record }: LoggedRecord): string {
  const id = record.body['amendment']
  return typeof id === 'string' ? id : ''
}
