// Holds the receipt of a lock: what this gateway cut for it, and what stays valid outside of us, until when.

import { covers, type Lockable } from '../authority/locks/target.ts'
import { MAX_LIFE_MS as JWT_SVID_MS } from '../authority/identity/jwt-svid.ts'
import { LIFE_MS as TOKEN_MS } from '../authority/tokens/draft.ts'
import type { InstanceView } from '../authority/identity/identities.ts'
import type { Authority } from '../authority/open.ts'
import { rfc3339 } from '../std/clock.ts'
import type { JsonObject } from '../std/json.ts'
import type { Lock, LockTarget } from '../store/rows/lock.ts'
import type { AuditSink } from '../wire/record.ts'
import type { LockOutside, LockReceipt, LockUpstream } from '../wire/lock-receipt.ts'

/** What a receipt is made from. */
export interface LockReceiptParts {
  readonly authority: Pick<Authority, 'agents' | 'approvals' | 'delegations' | 'locks'>
  readonly identities: { list(): readonly InstanceView[] }
  readonly audit: AuditSink
  readonly gateway: string
}

/** What a lock did here at once. */
export interface LockDid {
  readonly calls: number
  readonly processes: number
  readonly approvals: number
}

/** Held calls that a lock on this target voids: they are gone once it is there. */
export function waitingUnder({ authority }: LockReceiptParts, target: LockTarget): number {
  return authority.approvals
    .list()
    .filter((approval) =>
      covers(target, approval, approval.system, approval.action, authority.locks.equippedWith),
    ).length
}

/** Makes the receipt of a lock that is in force, and records it: the log's signature is the receipt's. Throws `audit.…` where it cannot be recorded. */
export async function recordReceipt(
  parts: LockReceiptParts,
  lock: Pick<Lock, 'id' | 'target' | 'at'>,
  did: LockDid,
  upstream: readonly LockUpstream[] = [],
): Promise<LockReceipt> {
  const covered = parts.identities.list().filter((one) => isUnder(parts, lock.target, one))
  const receipt = {
    in_force_at: rfc3339(lock.at),
    ...did,
    instances: covered.length,
    outside: outside(covered, lock.at),
    upstream,
  }
  const { leaf } = await parts.audit.append({
    type: 'lock.enforced',
    phase: 'lifecycle',
    body: { lock: lock.id, ...receipt } as unknown as JsonObject,
  })
  return { gateway: parts.gateway, ...receipt, leaf }
}

/** A lock on a credential takes nobody's identity either. */
const NOTHING = (): readonly string[] => []

/**
 * True where a lock on this target stops an instance: the same look as at a call, by every delegation that the instance has. A lock on a
 * system, an action or a task takes nobody's identity.
 */
function isUnder(parts: LockReceiptParts, target: LockTarget, one: InstanceView): boolean {
  const held = parts.authority.delegations
    .list()
    .filter(({ instance }) => instance === one.instance)
  const ids = [one.delegation, ...held.map(({ id }) => id)]
  return ids.some((id) => covers(target, lockable(parts, one, id), '', '', NOTHING))
}

/** An instance as locks look at it, acting under one of its delegations. */
function lockable(
  { authority: { agents, delegations } }: LockReceiptParts,
  { agent, instance }: InstanceView,
  id: string | undefined,
): Lockable {
  const owner = (name: string): string => agents.get(name)?.owner ?? ''
  const of = { instance, agent, owner: owner(agent) }
  const chain = id === undefined ? undefined : delegations.chainOf(id)
  const last = chain?.at(-1)
  if (chain === undefined || last === undefined) return of
  return {
    ...of,
    delegation: { id: last.id, person: last.person },
    chain: chain.flatMap(({ by, parent = '' }) =>
      by === undefined ? [] : [{ delegation: parent, ...by, owner: owner(by.agent) }],
    ),
  }
}

/** Documents that others verify by themselves, without asking us: they end by the clock. */
function outside(covered: readonly InstanceView[], at: number): readonly LockOutside[] {
  if (covered.length === 0) return []
  const certificates = Math.max(...covered.map(({ certificateEnds }) => certificateEnds))
  const lives = Math.max(...covered.map(({ lifeEnds }) => lifeEnds))
  const until = (ms: number): string => rfc3339(Math.min(lives, at + ms))
  return [
    { what: 'x509-svid', until: rfc3339(certificates) },
    { what: 'jwt-svid', until: until(JWT_SVID_MS) },
    { what: 'access-token', until: until(TOKEN_MS) },
  ]
}
