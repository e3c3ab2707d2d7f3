// Holds the routes of enforcers: which may ask, registering one, revoking one.

import { z } from 'zod'
import { rfc3339 } from '../../std/clock.ts'
import { keyOfRow } from '../../authority/enforcers/key.ts'
import type { Enforcer as Row } from '../../authority/enforcers/enforcers.ts'
import { Enforcer, EnforcersAnswer, NewEnforcer } from '../../wire/api/enforcer.ts'
import { BecauseRequest, Name } from '../../wire/api/text.ts'
import { jwkThumbprint } from '../../wire/dpop.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'

const ByName = z.strictObject({ name: Name })

function shown({ name, systems, key, state, createdAt, expiresAt }: Row): Enforcer {
  return {
    name,
    systems: [...systems],
    key: jwkThumbprint(keyOfRow(key)),
    state,
    created_at: rfc3339(createdAt),
    expires_at: rfc3339(expiresAt),
  }
}

/** Serves enforcers. */
export function serveEnforcers(surface: Surface, ports: ControlPorts): void {
  const { enforcers } = ports.authority
  surface.closed(
    'GET /v1/enforcers',
    { summary: 'Programs that may ask for decisions, by name', answer: EnforcersAnswer },
    () => ({ enforcers: enforcers.list().map(shown), audience: ports.decisions.url() }),
  )
  surface.closed(
    'POST /v1/enforcers',
    {
      summary: 'Register a program that asks for decisions about systems and enforces them itself',
      body: NewEnforcer,
      answer: Enforcer,
    },
    async ({ body, person }) => {
      const { name, public_key: publicKey, systems, expires_at: expires, reason } = body
      const wish = {
        name,
        publicKey,
        systems,
        ...(expires !== undefined && { expiresAt: Date.parse(expires) }),
      }
      return shown(await enforcers.add(wish, { person: person.id, reason }))
    },
  )
  surface.closed(
    'POST /v1/enforcers/{name}/revoke',
    {
      summary: 'Revoke an enforcer, at once',
      params: ByName,
      body: BecauseRequest,
      answer: Enforcer,
    },
    async ({ params, body, person }) =>
      shown(await enforcers.revoke(params.name, { person: person.id, reason: body.reason })),
  )
}
