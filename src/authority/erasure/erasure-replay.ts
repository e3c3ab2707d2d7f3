// Holds what the log says of erasures and a database does not know: those that a crash interrupted, and those that a backup undid.

import type { AuditLog } from '../../audit/log.ts'
import type { LoggedRecord } from '../../audit/log-reader.ts'
import type { Subjects } from '../../audit/side/subjects.ts'
import type { Begun, Erasures } from './erasures.ts'
import { recorded } from '../recorded.ts'

/**
 * Completes what was begun and is not done, and does again what an older database has back: its keys, and what they open. Only ever
 * takes away, so running it twice changes nothing. Answers how many erasures it completed.
 */
export async function replayErasures(
  audit: Pick<AuditLog, 'tail'>,
  erasures: Pick<Erasures, 'complete'>,
  subjects: Pick<Subjects, 'get'>,
): Promise<number> {
  const done = new Map<string, number>()
  for await (const { record } of recorded(audit, 'erasure.done')) {
    const { erasure, epoch } = record.body
    if (typeof erasure !== 'string' || done.has(erasure)) continue
    done.set(erasure, typeof epoch === 'number' ? epoch : 0)
  }
  let count = 0
  for await (const logged of recorded(audit, 'erasure.begun')) {
    const begun = begunIn(logged)
    if (begun === undefined) continue
    const epoch = done.get(begun.id)
    const known = subjects.get(begun.person)?.epoch ?? 0
    if (epoch !== undefined && (begun.before !== undefined || known >= epoch)) continue
    const { record, leaf } = logged
    await erasures.complete(
      { ...begun, ...(epoch !== undefined && { epoch }) },
      { id: record.id, leaf, ts: record.ts },
    )
    count++
  }
  return count
}

function begunIn({ record }: LoggedRecord): Begun | undefined {
  const { erasure, subject, basis, before } = record.body
  if (typeof erasure !== 'string' || typeof subject !== 'string') return undefined
  return {
    id: erasure,
    person: subject,
    basis: typeof basis === 'string' ? basis : '',
    by: record.person ?? '',
    ...(typeof before === 'number' && { before }),
  }
}
