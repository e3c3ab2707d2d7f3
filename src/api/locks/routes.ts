// Holds the routes of locks: which are in force, adding one, removing one.

import { z } from 'zod'
import { rfc3339 } from '../../std/clock.ts'
import {
  LockAdded,
  LockKept,
  LockReceipt as LockReceiptAnswer,
  LockRemoved,
  LockShown,
  LocksAnswer,
  NewLock,
  type Lock as LockAnswer,
} from '../../wire/api/lock.ts'
import type { LoggedRecord } from '../../audit/log-reader.ts'
import { faults } from '../../std/fault.ts'
import { AUTHORITY_FAULTS } from '../../authority/faults.ts'
import type { LockReceipt } from '../../wire/lock-receipt.ts'
import { BecauseRequest } from '../../wire/api/text.ts'
import { mayUse } from '../access.ts'
import { personName } from '../people/name.ts'
import type { ControlPorts, Lock } from '../ports.ts'
import type { Surface } from '../serve.ts'

const fault = faults(AUTHORITY_FAULTS)

function shown(authority: ControlPorts['authority'], lock: Lock): LockAnswer {
  const { kind, name } = lock.target
  return {
    id: lock.id,
    target: { kind, name: kind === 'person' ? personName(authority, name) : name },
    reason: lock.reason,
    added_at: rfc3339(lock.at),
    added_by: lock.person === '' ? null : personName(authority, lock.person),
    lift:
      lock.lift === undefined
        ? null
        : {
            asked_by: personName(authority, lock.lift.person),
            asked_at: rfc3339(lock.lift.at),
            reason: lock.lift.reason,
            from: lock.lift.from === null ? null : rfc3339(lock.lift.from),
          },
  }
}

/** Receipts that are looked through for those of one lock, the newest. */
const MOST_RECEIPTS = 1_000

function receiptShown({ outside, ...receipt }: LockReceipt): LockReceiptAnswer {
  return { ...receipt, outside: outside.map((one) => ({ ...one })) }
}

/** The receipt that a record is; none where it is of another form. */
function receiptIn({ leaf, record }: LoggedRecord): LockReceiptAnswer[] {
  const read = LockReceiptAnswer.safeParse({ ...record.body, gateway: record.gateway, leaf })
  return read.success ? [read.data] : []
}

/** Serves locks. */
export function serveLocks(surface: Surface, { audit, authority, server }: ControlPorts): void {
  surface.closed(
    'GET /v1/locks',
    { summary: 'Locks in force, oldest first', answer: LocksAnswer },
    () => ({ locks: authority.locks.list().map((lock) => shown(authority, lock)) }),
  )
  surface.closed(
    'POST /v1/locks',
    {
      summary: 'Lock something at once, and cut what it is doing',
      body: NewLock,
      answer: LockAdded,
    },
    async ({ body: { target, reason }, person }) => {
      const { lock, receipt } = await server.lock({ target, reason, person: person.id })
      return { ...shown(authority, lock), receipt: receiptShown(receipt) }
    },
  )
  const params = z.strictObject({ id: z.string().max(64) })
  surface.closed(
    'GET /v1/locks/{id}',
    { summary: 'A lock in force, and what each gateway did for it', params, answer: LockShown },
    async ({ params: { id } }) => {
      const lock = authority.locks.list().find((one) => one.id === id)
      if (lock === undefined) throw fault('lock.unknown', 'no lock of this id is in force')
      const records = await audit.tail({ type: 'lock.enforced', limit: MOST_RECEIPTS })
      const receipts = records.flatMap((one) =>
        one.record.body['lock'] === id ? receiptIn(one) : [],
      )
      return { ...shown(authority, lock), receipts }
    },
  )
  surface.closed(
    'POST /v1/locks/{id}/remove',
    {
      summary: 'Lift a lock: one person asks, another confirms with the same request',
      params,
      body: BecauseRequest,
      answer: LockRemoved,
    },
    async ({ params: { id }, body: { reason }, person }) => {
      const able = authority.people.list().filter(({ roles }) => mayUse('operator', roles))
      const rule = { able, delayMs: server.facts().unlockDelayMs }
      const lock = await authority.locks.lift(id, { person: person.id, reason }, rule)
      const { lift, state } = lock
      const from = state === 'removed' || lift === undefined ? null : lift.from
      return { id, removed: state === 'removed', from: from === null ? null : rfc3339(from) }
    },
  )
  surface.closed(
    'POST /v1/locks/{id}/keep',
    {
      summary: 'Take back a request to lift a lock',
      params,
      body: BecauseRequest,
      answer: LockKept,
    },
    async ({ params: { id }, body: { reason }, person }) => {
      await authority.locks.keep(id, { person: person.id, reason })
      return { id, kept: true as const }
    },
  )
}
