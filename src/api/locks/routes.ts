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
import type { LockReceipt } from '../../wire/lock-receipt.ts'
import { BecauseRequest } from '../../wire/api/text.ts'
import { personName } from '../people/name.ts'
import type { ControlPorts, Lock } from '../ports.ts'
import type { Surface } from '../serve.ts'
import { atGateways, recordsOf } from './gateways.ts'

function shown(authority: ControlPorts['authority'], lock: Lock): LockAnswer {
  const { kind } = lock.target
  return {
    id: lock.id,
    target: { kind, name: nameOf(authority, lock) },
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

/** The name of a target, with people's names in place of their ids. */
function nameOf(
  authority: ControlPorts['authority'],
  { target: { kind, name } }: Pick<Lock, 'target'>,
): string {
  if (kind === 'person') return personName(authority, name)
  const [, before, id] = (kind === 'credential' && /^(.*\/user:)(.*)$/.exec(name)) || []
  return before === undefined || id === undefined ? name : before + personName(authority, id)
}

function receiptShown({ outside, upstream, ...receipt }: LockReceipt): LockReceiptAnswer {
  return {
    ...receipt,
    outside: outside.map((one) => ({ ...one })),
    upstream: upstream.map((one) => ({ ...one })),
  }
}

/** The receipt that a record is; none where it is of another form. */
function receiptIn({ leaf, record }: LoggedRecord): LockReceiptAnswer[] {
  const read = LockReceiptAnswer.safeParse({ ...record.body, gateway: record.gateway, leaf })
  return read.success ? [read.data] : []
}

/** Serves locks. */
export function serveLocks(surface: Surface, ports: ControlPorts): void {
  const { audit, authority, server } = ports
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
      return {
        ...shown(authority, lock),
        receipt: receipt === undefined ? null : receiptShown(receipt),
      }
    },
  )
  const params = z.strictObject({ id: z.string().max(64) })
  surface.closed(
    'GET /v1/locks/{id}',
    {
      summary: 'A lock, lifted ones too, and what each gateway did for it',
      params,
      answer: LockShown,
    },
    async ({ params: { id } }) => {
      const lock = await authority.locks.get(id)
      const removed = lock.removed === undefined ? null : rfc3339(lock.removed.at)
      const receipts = (await recordsOf(audit, 'lock.enforced', lock)).flatMap(receiptIn)
      const gateways = await atGateways(ports, lock)
      return { ...shown(authority, lock), removed_at: removed, receipts, gateways }
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
      const { unlockDelayMs } = server.facts()
      const shown = authority.sessions.presenceOf(person.id)
      const word = { person: person.id, reason, shown }
      const lock = await authority.locks.lift(id, word, unlockDelayMs)
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
