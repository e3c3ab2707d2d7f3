// Holds which gateways have a lock in force: what each confirmed, signed by its own key, and from when those that are away deny by themselves.

import type { LoggedRecord } from '../../audit/log-reader.ts'
import { rfc3339 } from '../../std/clock.ts'
import { LockConfirmed, type LockAtGateway } from '../../wire/api/lock.ts'
import type { ControlPorts, Lock } from '../ports.ts'

/** Records that are looked through at a time. */
const PAGE = 1_000

/** Every record of a type about a lock, the newest first: those that were made since it was. */
export async function recordsOf(
  audit: ControlPorts['audit'],
  type: string,
  { at, id }: Pick<Lock, 'at' | 'id'>,
): Promise<readonly LoggedRecord[]> {
  const found: LoggedRecord[] = []
  for (let before = Number.MAX_SAFE_INTEGER; ;) {
    const page = await audit.tail({ type, limit: PAGE, before })
    found.push(...page.filter(({ record }) => record.body['lock'] === id))
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE || Date.parse(last.record.ts) < at) return found
    before = last.index
  }
}

/** How every gateway that runs on its own stands to a lock. */
export async function atGateways(
  { audit, authority, links }: Pick<ControlPorts, 'audit' | 'authority' | 'links'>,
  lock: Lock,
): Promise<LockAtGateway[]> {
  const active = authority.gateways.list().filter(({ state }) => state === 'active')
  if (active.length === 0) return []
  const confirmed = new Map<string, LockAtGateway>()
  for (const { leaf, record } of await recordsOf(audit, 'lock.confirmed', lock)) {
    const read = LockConfirmed.safeParse(record.body)
    if (!read.success) continue
    const { after_ms: after = null, calls, gateway, processes } = read.data
    const did = { confirmed_at: record.ts, after_ms: after, calls, processes, leaf }
    confirmed.set(gateway, { gateway, state: 'confirmed', denies_from: null, ...did })
  }
  return active.map(({ name }) => confirmed.get(name) ?? unconfirmed(name, links.of(name), lock))
}

function unconfirmed(
  gateway: string,
  link: ReturnType<ControlPorts['links']['of']>,
  { at }: Lock,
): LockAtGateway {
  const nothing = { confirmed_at: null, after_ms: null, calls: 0, processes: 0, leaf: null }
  if (link?.state === 'connected') {
    // Who came after it was told of it with everything else that holds.
    const state = Date.parse(link.since) >= at ? 'in_view' : 'waiting'
    return { gateway, state, denies_from: null, ...nothing }
  }
  const since = link === undefined ? undefined : Date.parse(link.since)
  const lease = link?.lease_ms
  const from = since === undefined || lease === undefined ? null : rfc3339(since + lease)
  return { gateway, state: 'away', denies_from: from, ...nothing }
}
