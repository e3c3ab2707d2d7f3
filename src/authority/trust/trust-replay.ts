// Holds the replay of distrust: trust sources and registrations that the log removed, in a database that is older than the log (INV-13).

import type { AuditLog } from '../../audit/log.ts'
import type { Store } from '../../store/open.ts'
import { receiptOf, recorded } from '../recorded.ts'

interface Ports {
  readonly audit: Pick<AuditLog, 'tail'>
  readonly store: Pick<Store, 'registrations' | 'trustSources'>
}

/** Removes registrations that the rows call active and the log does not. Says how many. */
export async function replayRegistrations({ audit, store }: Ports): Promise<number> {
  const active = new Map(
    (await store.registrations.all({ state: 'active' })).map((held) => [held.doc.id, held]),
  )
  let count = 0
  if (active.size === 0) return count
  for await (const logged of recorded(audit, 'registration.removed')) {
    const id = logged.record.body['registration']
    const held = typeof id === 'string' ? active.get(id) : undefined
    if (held === undefined) continue
    active.delete(held.doc.id)
    await store.registrations.replace(held, { ...held.doc, state: 'removed' }, receiptOf(logged))
    count += 1
  }
  return count
}

/** Removes trust sources that the rows trust and the log does not: one that was trusted anew since is another. Says how many. */
export async function replayTrust({ audit, store }: Ports): Promise<number> {
  const active = new Map(
    (await store.trustSources.all({ state: 'active' })).map((held) => [held.doc.name, held]),
  )
  let count = 0
  if (active.size === 0) return count
  for await (const logged of recorded(audit, 'trust.removed')) {
    const name = logged.record.body['source']
    const held = typeof name === 'string' ? active.get(name) : undefined
    if (held === undefined || Date.parse(logged.record.ts) < held.doc.createdAt) continue
    active.delete(held.doc.name)
    await store.trustSources.replace(held, { ...held.doc, state: 'removed' }, receiptOf(logged))
    count += 1
  }
  return count
}
