// Holds the replay of what enrolments used up, and of instances that ended, into a database that is older than the log (INV-13).

import type { AuditLog } from '../../audit/log.ts'
import type { LoggedRecord } from '../../audit/log-reader.ts'
import type { Clock } from '../../std/clock.ts'
import { isObject, JsonNumber, type Json } from '../../std/json.ts'
import type { Store } from '../../store/open.ts'
import { receiptOf } from '../recorded.ts'

/** Records read at a time. A page of which the database knows everything ends the look: what is older it knows as well. */
const PAGE = 1_000

interface Ports {
  readonly audit: Pick<AuditLog, 'tail'>
  readonly store: Pick<Store, 'instances' | 'joinTokens' | 'spent'>
  readonly clock: Pick<Clock, 'now'>
}

/**
 * Marks join tokens and evidence as used that enrolments of the log have used and the rows do not know. Says how many. The rows of an
 * enrolment are written together, so a database that is older than the log lacks the newest ones.
 */
export async function replayConsumed({ audit, clock, store }: Ports): Promise<number> {
  const issued = new Map(
    (await store.joinTokens.all({ state: 'issued' })).map((held) => [held.doc.id, held]),
  )
  const now = clock.now()
  let count = await each(audit, 'instance.enrolled', async (logged) => {
    const { body, instance = '' } = logged.record
    let missing = await replaySpent(store, logged, now)
    const token = body['joinToken']
    const held = typeof token === 'string' ? issued.get(token) : undefined
    if (held === undefined) return missing
    issued.delete(held.doc.id)
    const used = { ...held.doc, state: 'used', usedBy: instance } as const
    await store.joinTokens.replace(held, used, receiptOf(logged))
    missing += 1
    return missing
  })
  count += await each(audit, 'instance.renewed', (logged) => replaySpent(store, logged, now))
  return count
}

/** Ends instances that the rows call live and that the log ended without anybody's revoking them. Says how many. */
export async function replayEnded({
  audit,
  store,
}: Pick<Ports, 'audit' | 'store'>): Promise<number> {
  return each(audit, 'instance.ended', async (logged) => {
    const { body, instance = '', ts } = logged.record
    const held = await store.instances.get(instance)
    if (held?.doc.state !== 'live') return 0
    const reason = typeof body['reason'] === 'string' ? body['reason'] : ''
    const state = body['state'] === 'expired' ? 'expired' : 'ended'
    const ended = { at: Date.parse(ts), reason }
    await store.instances.replace(held, { ...held.doc, state, ended }, receiptOf(logged))
    return 1
  })
}

/** Runs over records of a type, the newest first, until a whole page of them brought nothing. Says how much it brought. */
async function each(
  audit: Ports['audit'],
  type: string,
  bring: (logged: LoggedRecord) => Promise<number>,
): Promise<number> {
  let count = 0
  for (let before = Number.MAX_SAFE_INTEGER; ;) {
    const page = await audit.tail({ type, limit: PAGE, before })
    const sofar = count
    for (const logged of page) count += await bring(logged)
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE || count === sofar) return count
    before = last.index
  }
}

/** Marks what one record says was used; nothing for what could not be used again anyway. */
async function replaySpent(
  store: Pick<Store, 'spent'>,
  logged: LoggedRecord,
  now: number,
): Promise<number> {
  const { evidence } = logged.record.body
  const id = isObject(evidence) ? evidence['id'] : undefined
  const expiresAt = isObject(evidence) ? time(evidence['expiresAt']) : undefined
  if (typeof id !== 'string' || expiresAt === undefined || expiresAt <= now) return 0
  if ((await store.spent.get(id)) !== undefined) return 0
  await store.spent.insert({ id, expiresAt }, receiptOf(logged))
  return 1
}

function time(value: Json | undefined): number | undefined {
  const number = value instanceof JsonNumber ? Number(value.text) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}
