// Holds the replay of refresh families that the log ended or moved on, into a database that is older than the log (INV-13).

import type { AuditLog } from '../../audit/log.ts'
import { JsonNumber, type Json } from '../../std/json.ts'
import type { Store } from '../../store/open.ts'
import { receiptOf, recorded } from '../recorded.ts'

/**
 * Ends families that the rows call live and the log does not, and those whose refresh token the log knows to be newer than the row: which
 * one is good now nobody knows any more, and the old one is not. Says how many.
 */
export async function replayFamilies({
  audit,
  store,
}: {
  readonly audit: Pick<AuditLog, 'tail'>
  readonly store: Pick<Store, 'refreshFamilies'>
}): Promise<number> {
  const live = new Map(
    (await store.refreshFamilies.all({ state: 'live' })).map((held) => [held.doc.id, held]),
  )
  if (live.size === 0) return 0
  // Nothing that was recorded before the oldest of them began can be about one.
  const oldest = Math.min(...[...live.values()].map(({ doc }) => doc.createdAt))
  let count = 0
  for (const type of ['consent.ended', 'consent.refreshed']) {
    for await (const logged of recorded(audit, type, oldest)) {
      if (live.size === 0) break
      const { consent, place } = logged.record.body
      const held = typeof consent === 'string' ? live.get(consent) : undefined
      if (held === undefined) continue
      if (type === 'consent.refreshed' && number(place) <= held.doc.place) continue
      live.delete(held.doc.id)
      const doc = { ...held.doc, state: 'revoked' as const }
      await store.refreshFamilies.replace(held, doc, receiptOf(logged))
      count += 1
    }
  }
  return count
}

/** A place that cannot be read is newer than any: in doubt the family ends (INV-2). */
function number(value: Json | undefined): number {
  const place = value instanceof JsonNumber ? Number(value.text) : value
  return typeof place === 'number' && Number.isFinite(place) ? place : Infinity
}
