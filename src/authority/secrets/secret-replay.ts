// Holds the replay of values that were removed and consents that were taken back, into a database that is older than the log (INV-13).

import type { AuditLog } from '../../audit/log.ts'
import type { LoggedRecord } from '../../audit/log-reader.ts'
import type { Store } from '../../store/open.ts'
import { receiptOf, recorded } from '../recorded.ts'

interface Ports {
  readonly audit: Pick<AuditLog, 'tail'>
  readonly store: Pick<Store, 'secrets' | 'upstreamTokens'>
}

/** Takes away what the log says was taken away last, and the rows still have. Says how many. */
export async function replayCredentials({ audit, store }: Ports): Promise<number> {
  return (await replaySecrets({ audit, store })) + (await replayTokens({ audit, store }))
}

async function replaySecrets({ audit, store }: Ports): Promise<number> {
  const live = (await store.secrets.all()).filter(({ doc }) => doc.removed !== true)
  if (live.length === 0) return 0
  const id = ({ record }: LoggedRecord): string => `${record.system ?? ''}/${text(record, 'name')}`
  const removed = await lastOf(audit, 'secret.removed', id)
  const stored = removed.size === 0 ? removed : await lastOf(audit, 'secret.stored', id)
  let count = 0
  for (const held of live) {
    const key = `${held.doc.system}/${held.doc.name}`
    const end = removed.get(key)
    if (end === undefined || end.index < (stored.get(key)?.index ?? -1)) continue
    const { commitment: _c, reference: _r, exposed: _e, ...rest } = held.doc
    await store.secrets.replace(held, { ...rest, sealed: '', removed: true }, receiptOf(end))
    count += 1
  }
  return count
}

async function replayTokens({ audit, store }: Ports): Promise<number> {
  const live = (await store.upstreamTokens.all()).filter(({ doc }) => doc.state === 'connected')
  if (live.length === 0) return 0
  const id = ({ record }: LoggedRecord): string => `${record.system ?? ''}/${text(record, 'of')}`
  const ended = await lastOf(audit, 'credential.disconnected', id)
  const begun = ended.size === 0 ? ended : await lastOf(audit, 'credential.connected', id)
  let count = 0
  for (const held of live) {
    const key = `${held.doc.system}/${held.doc.person}`
    const end = ended.get(key)
    if (end === undefined || end.index < (begun.get(key)?.index ?? -1)) continue
    const at = Date.parse(end.record.ts)
    const by = end.record.person ?? ''
    const doc = {
      ...held.doc,
      state: 'disconnected',
      sealed: '',
      refreshes: false,
      ended: { at, by, reason: text(end.record, 'reason') },
    } as const
    await store.upstreamTokens.replace(held, doc, receiptOf(end))
    count += 1
  }
  return count
}

/** The newest record of a type for each thing that it is about. */
async function lastOf(
  audit: Ports['audit'],
  type: string,
  id: (logged: LoggedRecord) => string,
): Promise<ReadonlyMap<string, LoggedRecord>> {
  const found = new Map<string, LoggedRecord>()
  for await (const logged of recorded(audit, type)) {
    if (!found.has(id(logged))) found.set(id(logged), logged)
  }
  return found
}

function text({ body }: LoggedRecord['record'], name: string): string {
  const value = body[name]
  return typeof value === 'string' ? value : ''
}
