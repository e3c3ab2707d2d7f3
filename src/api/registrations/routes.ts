// Holds the routes of registrations: which workloads become instances of which agent.

import { z } from 'zod'
import { rfc3339 } from '../../std/clock.ts'
import {
  NewRegistration,
  Registration as RegistrationAnswer,
  RegistrationsAnswer,
  RegistrationsQuery,
} from '../../wire/api/registration.ts'
import { BecauseRequest, Id } from '../../wire/api/text.ts'
import type { Registrations } from '../../authority/identity/registrations.ts'
import { pageOf } from '../page-of.ts'
import { personName } from '../people/name.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'

type Registration = ReturnType<Registrations['list']>[number]

/** Serves registrations. */
export function serveRegistrations(surface: Surface, ports: ControlPorts): void {
  const { authority, clock, identities } = ports
  const { registrations } = identities
  const shown = (one: Registration): RegistrationAnswer => ({
    id: one.id,
    agent: one.agent,
    attestor: one.attestor,
    source: one.source === '' ? null : one.source,
    selectors: [...one.selectors],
    composition: { ...one.composition },
    on_behalf_of: one.person === undefined ? null : personName(authority, one.person),
    scope: one.scope === undefined ? null : [...one.scope],
    in_force: one.state === 'active' && registrations.holds(one, clock.now()),
    added_by: personName(authority, one.by),
    created_at: rfc3339(one.createdAt),
    expires_at: one.expiresAt === undefined ? null : rfc3339(one.expiresAt),
  })
  surface.closed(
    'GET /v1/registrations',
    {
      summary: 'Registrations, oldest first',
      query: RegistrationsQuery,
      answer: RegistrationsAnswer,
    },
    ({ query: { limit, cursor = '', agent } }) => {
      const later = registrations
        .list()
        .filter((one) => one.id > cursor && (agent === undefined || one.agent === agent))
      const { page, next } = pageOf(later, limit, ({ id }) => id)
      return { registrations: page.map(shown), next }
    },
  )
  surface.closed(
    'POST /v1/registrations',
    {
      summary: 'Register which workloads are instances of an agent, on behalf of who asks',
      body: NewRegistration,
      answer: RegistrationAnswer,
    },
    async ({ body, person }) =>
      shown(await registrations.register(asked(body, person.id), person.id)),
  )
  surface.closed(
    'POST /v1/registrations/{id}/remove',
    {
      summary: 'Remove a registration, and end the instances that enrolled by it, at once',
      params: z.strictObject({ id: Id }),
      body: BecauseRequest,
      answer: RegistrationAnswer,
    },
    async ({ params, body: { reason }, person }) =>
      shown(await registrations.remove(params.id, { person: person.id, reason })),
  )
}

/** What is asked for; nobody can be named but who asks (INV-4). */
function asked(
  {
    source,
    composition,
    unattended,
    scope,
    expires_at: expires,
    ...rest
  }: z.output<typeof NewRegistration>,
  person: string,
): Parameters<Registrations['register']>[0] {
  const taken = Object.entries(composition ?? {}).filter(([, fact]) => fact !== undefined)
  return {
    ...rest,
    source: source ?? '',
    ...(taken.length > 0 && { composition: Object.fromEntries(taken) }),
    ...(!unattended && { person }),
    ...(scope !== undefined && { scope }),
    ...(expires !== undefined && { expiresAt: Date.parse(expires) }),
  }
}
