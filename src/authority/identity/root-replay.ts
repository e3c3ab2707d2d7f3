// Holds the replay of what the log says of roots, into rows that are older than the log (INV-13): distrust, and the sequence.

import type { LoggedRecord } from '../../audit/log-reader.ts'
import type { AuditLog } from '../../audit/log.ts'
import type { Store } from '../../store/open.ts'
import type { RootRow } from '../../store/rows/root.ts'
import { receiptOf, recorded } from '../recorded.ts'

/** Records that carry the sequence of the bundle. */
const SEQUENCED = [
  'authority.root_issued',
  'authority.root_adopted',
  'authority.root_prepared',
  'authority.root_activated',
  'authority.root_ended',
  'authority.root_recovered',
  'authority.rekeyed',
  'authority.token_key_replaced',
] as const

/** What replaying needs. */
export interface RootReplayPorts {
  readonly audit: Pick<AuditLog, 'tail'>
  readonly store: Pick<Store, 'roots'>
}

/**
 * Distrusts again what the log says is distrusted, and carries the bundle's sequence on from the largest that was ever
 * recorded: after a backup was put back, or a row by hand. Answers how many roots lost their trust. It runs before the roots are
 * opened; a home whose only root goes here makes another one then.
 */
export async function replayRoots(ports: RootReplayPorts): Promise<number> {
  const { audit, store } = ports
  let count = 0
  for await (const logged of recorded(audit, 'authority.rekeyed')) {
    const { distrusted } = logged.record.body
    for (const fingerprint of Array.isArray(distrusted) ? distrusted : []) {
      const held = typeof fingerprint === 'string' ? await store.roots.get(fingerprint) : undefined
      if (held === undefined || held.doc.state === 'distrusted') continue
      const since = Date.parse(logged.record.ts)
      const row: RootRow = { ...held.doc, state: 'distrusted', since }
      await store.roots.replace(held, row, receiptOf(logged))
      count++
    }
  }
  await carrySequence(ports)
  return count
}

/** A bundle with a lower sequence is one that its followers ignore: it only ever grows, whatever happens to the rows. */
async function carrySequence({ audit, store }: RootReplayPorts): Promise<void> {
  let newest: { readonly sequence: number; readonly logged: LoggedRecord } | undefined
  for (const type of SEQUENCED) {
    const [logged] = await audit.tail({ type, limit: 1 })
    const sequence = logged?.record.body['sequence']
    if (logged === undefined || typeof sequence !== 'number') continue
    if (newest === undefined || sequence > newest.sequence) newest = { sequence, logged }
  }
  const rows = await store.roots.all({})
  const held = rows.toSorted((a, b) => a.doc.place - b.doc.place).at(-1)
  if (newest === undefined || held === undefined) return
  if (rows.some(({ doc }) => (doc.sequence ?? 1) >= newest.sequence)) return
  // One more than was recorded: the bundle with that number had other keys than these rows have.
  const doc: RootRow = { ...held.doc, sequence: newest.sequence + 1 }
  await store.roots.replace(held, doc, receiptOf(newest.logged))
}
