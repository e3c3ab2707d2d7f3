// Holds the routes of locks: which are in force, adding one, removing one.

import { z } from 'zod'
import { rfc3339 } from '../../std/clock.ts'
import {
  LockAdded,
  LockKept,
  LockRemoved,
  LocksAnswer,
  NewLock,
  type Lock as LockAnswer,
} from '../../wire/api/lock.ts'
import { BecauseRequest } from '../../wire/api/text.ts'
import { mayUse } from '../access.ts'
import { personName } from '../people/name.ts'
import type { ControlPorts, Lock } from '../ports.ts'
import type { Surface } from '../serve.ts'

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

/** Serves locks. */
export function serveLocks(surface: Surface, { authority, server }: ControlPorts): void {
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
      const { lock, cut } = await server.lock({ target, reason, person: person.id })
      return { ...shown(authority, lock), cut: { ...cut } }
    },
  )
  const params = z.strictObject({ id: z.string().max(64) })
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
