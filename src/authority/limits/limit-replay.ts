// Holds the replay of limits that the log has and the rows do not, into a database that is older than the log (INV-13).

import { isObject, JsonNumber, type Json, type JsonObject } from '../../std/json.ts'
import type { AuditLog } from '../../audit/log.ts'
import type { LoggedRecord } from '../../audit/log-reader.ts'
import type { Limit, LimitOn, LimitPer, LimitWhat } from '../../store/rows/limit.ts'
import type { Store } from '../../store/open.ts'
import { receiptOf, recorded } from '../recorded.ts'

interface Ports {
  readonly audit: Pick<AuditLog, 'tail'>
  readonly store: Pick<Store, 'limits'>
}

/** Brings back limits that were added, were not removed, and are in no row: an older database must not allow more. Says how many. */
export async function replayLimits({ audit, store }: Ports): Promise<number> {
  const removed = new Set<string>()
  for await (const { record } of recorded(audit, 'limit.removed')) {
    removed.add(text(record.body['limit']))
  }
  const known = new Set((await store.limits.all({})).map(({ doc }) => doc.id))
  let count = 0
  for await (const logged of recorded(audit, 'limit.added')) {
    const limit = limitOf(logged.record)
    if (limit === undefined || removed.has(limit.id) || known.has(limit.id)) continue
    await store.limits.insert(limit, receiptOf(logged))
    count += 1
  }
  return count
}

/** The limit that a record of ours tells of: it was checked before it was recorded. */
function limitOf({ body, person = '', ts }: LoggedRecord['record']): Limit | undefined {
  const most = number(body['most'])
  if (most === undefined) return undefined
  const { each, per } = body
  return {
    id: text(body['limit']),
    on: onOf(body['on']),
    ...(typeof each === 'string' && { each: each as NonNullable<Limit['each']> }),
    what: text(body['what']) as LimitWhat,
    most,
    ...(typeof per === 'string' && { per: per as LimitPer }),
    reason: text(body['reason']),
    person,
    at: Date.parse(ts),
    state: 'active',
  }
}

function onOf(value: Json | undefined): LimitOn {
  const on: JsonObject = isObject(value) ? value : {}
  const { agent, person, task, action } = on
  return {
    ...(typeof agent === 'string' && { agent }),
    ...(typeof person === 'string' && { person }),
    ...(typeof task === 'string' && { task }),
    ...(typeof action === 'string' && { action }),
  }
}

function text(value: Json | undefined): string {
  return typeof value === 'string' ? value : ''
}

function number(value: Json | undefined): number | undefined {
  const read = value instanceof JsonNumber ? Number(value.text) : value
  return typeof read === 'number' && Number.isSafeInteger(read) ? read : undefined
}
