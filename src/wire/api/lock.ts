// Holds locks as the control API shows and makes them. History: v1; `credential` added.

import { z } from 'zod'
import { Reason, Time } from './text.ts'

/** What a lock can deny. */
export const LockKind = z.enum([
  'person',
  'agent',
  'instance',
  'delegation',
  'task',
  'system',
  'action',
  'credential',
  'everything',
])

/** What is locked. */
const LockTarget = z.strictObject({
  kind: LockKind,
  /** Name of a person, agent or system, id of an instance, delegation or task, `<system>/<action>`, `<system>/<credential>` or `<system>/user:<person>`; empty for `everything`. */
  name: z.string().max(512),
})

/** A lock in force. */
export const Lock = z
  .object({
    /** A UUID, or `integrity`: the lock on everything that stands while the database is not whole. */
    id: z.string(),
    target: LockTarget,
    reason: z.string(),
    added_at: Time,
    /** Name of a person; null where Bailiwick itself locked. */
    added_by: z.string().nullable(),
    /** The first of the two words that lift it; null where nobody has asked. It is in force all the same. */
    lift: z
      .object({
        asked_by: z.string(),
        asked_at: Time,
        reason: z.string(),
        /** From when who asked, being alone, may say it again; null: another person has to. */
        from: Time.nullable(),
      })
      .nullable(),
  })
  .meta({ id: 'Lock' })

/** Answer of `GET /v1/locks`. */
export const LocksAnswer = z.object({ locks: z.array(Lock) })

/** Body of `POST /v1/locks`. */
export const NewLock = z.strictObject({ target: LockTarget, reason: Reason })

/** What one gateway did for a lock. */
export const LockReceipt = z
  .object({
    gateway: z.string(),
    in_force_at: Time,
    /** Calls that were cut, and programs that were ended. */
    calls: z.number().int(),
    processes: z.number().int(),
    /** Held calls whose approvals are void. */
    approvals: z.number().int(),
    /** Live instances that may do nothing any more. */
    instances: z.number().int(),
    /** What others verify by themselves, and until when at the latest. */
    outside: z.array(
      z.object({ what: z.enum(['x509-svid', 'jwt-svid', 'access-token']), until: Time }),
    ),
    /** Tokens of systems that were to be taken back there, and until when those that were not stay valid; empty in receipts from before that was done. */
    upstream: z
      .array(
        z.object({
          system: z.string(),
          credential: z.string(),
          outcome: z.enum(['revoked', 'refused', 'unsupported', 'unanswered']),
          until: Time.nullable(),
        }),
      )
      .default([]),
    /** Leaf hash of the record `lock.enforced`, whose proof is the receipt's. */
    leaf: z.string(),
  })
  .meta({ id: 'LockReceipt' })

/** Body of the record `lock.confirmed`: what a gateway that runs on its own did for a lock. */
export const LockConfirmed = z.object({
  lock: z.string(),
  gateway: z.string(),
  calls: z.int(),
  processes: z.int(),
  /** From when it was in force at control until the gateway said so (ms). */
  after_ms: z.number().optional(),
})

/** How a gateway that runs on its own stands to a lock. */
export const LockAtGateway = z
  .object({
    gateway: z.string(),
    /** `in_view`: it came after the lock, and was told of it; `waiting`: it is connected and has not said so yet; `away`: it cannot be told. */
    state: z.enum(['confirmed', 'in_view', 'waiting', 'away']),
    confirmed_at: Time.nullable(),
    after_ms: z.number().nullable(),
    calls: z.int(),
    processes: z.int(),
    /** Of one that is away: from when it denies everything by itself; null where it has not been seen since control started. */
    denies_from: Time.nullable(),
    /** Leaf hash of the record `lock.confirmed`. */
    leaf: z.string().nullable(),
  })
  .meta({ id: 'LockAtGateway' })
export type LockAtGateway = z.infer<typeof LockAtGateway>

/** Answer of `POST /v1/locks`: the lock is in force, and this is what it did at once. */
export const LockAdded = Lock.extend({
  /** Null where it could not be recorded; the lock is in force all the same. */
  receipt: LockReceipt.nullable(),
})

/** Answer of `GET /v1/locks/{id}`: also of one that was lifted. */
export const LockShown = Lock.extend({
  removed_at: Time.nullable(),
  receipts: z.array(LockReceipt),
  /** Gateways that run on their own. */
  gateways: z.array(LockAtGateway).default([]),
})

/** Answer of `POST /v1/locks/{id}/remove`: lifted; or the first of two words is noted, and the lock is in force. */
export const LockRemoved = z.object({
  id: z.string(),
  removed: z.boolean(),
  /** From when who asked, being alone, may say it again and lift it; null where it is lifted, or another person has to. */
  from: Time.nullable(),
})

/** Answer of `POST /v1/locks/{id}/keep`. */
export const LockKept = z.object({ id: z.string(), kept: z.literal(true) })

export type LockReceipt = z.infer<typeof LockReceipt>
export type LockKind = z.infer<typeof LockKind>
export type Lock = z.infer<typeof Lock>
export type LocksAnswer = z.infer<typeof LocksAnswer>
export type NewLock = z.infer<typeof NewLock>
export type LockAdded = z.infer<typeof LockAdded>
export type LockRemoved = z.infer<typeof LockRemoved>
export type LockShown = z.infer<typeof LockShown>
