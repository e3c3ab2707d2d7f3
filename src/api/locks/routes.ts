// Holds the routes of locks: which are in force, adding one, removing one.

import { z } from 'zod'
import { rfc3339 } from '../../std/clock.ts'
import {
  LockAdded,
  LockRemoved,
  LocksAnswer,
  NewLock,
  type Lock as LockAnswer,
} from '../../wire/api/lock.ts'
import { BecauseRequest } from '../../wire/api/text.ts'
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
  surface.closed(
    'POST /v1/locks/{id}/remove',
    {
      summary: 'Lift a lock',
      params: z.strictObject({ id: z.string().max(64) }),
      body: BecauseRequest,
      answer: LockRemoved,
    },
    async ({ params, body, person }) => {
      const { id } = await authority.locks.remove(params.id, {
        person: person.id,
        reason: body.reason,
      })
      return { id, removed: true as const }
    },
  )
}
