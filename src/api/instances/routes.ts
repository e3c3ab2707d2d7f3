// Holds the routes of instances: which are live, and taking the identity of one away.

import { z } from 'zod'
import { rfc3339 } from '../../std/clock.ts'
import {
  Instance as InstanceAnswer,
  InstancesAnswer,
  InstancesQuery,
} from '../../wire/api/instance.ts'
import { BecauseRequest, Id } from '../../wire/api/text.ts'
import type { InstanceView } from '../../authority/identity/identities.ts'
import { fault } from '../../authority/identity/faults.ts'
import { personName } from '../people/name.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'

function shown(
  { authority }: ControlPorts,
  instance: InstanceView,
  state: InstanceAnswer['state'],
): InstanceAnswer {
  const { delegation } = instance
  const person = delegation === undefined ? undefined : authority.delegations.get(delegation)
  return {
    id: instance.instance,
    agent: instance.agent,
    spiffe_id: instance.spiffeId,
    on_behalf_of:
      person === undefined || person.person === '' ? null : personName(authority, person.person),
    state,
    created_at: rfc3339(instance.createdAt),
    life_ends: rfc3339(instance.lifeEnds),
    certificate_ends: rfc3339(instance.certificateEnds),
    attested_by: attestedBy(instance.attested),
    composition: Object.fromEntries(
      Object.entries(instance.composition ?? {}).map(([element, known]) => [element, { ...known }]),
    ),
    replaces: instance.replaces ?? null,
  }
}

function attestedBy(attested: InstanceView['attested']): InstanceAnswer['attested_by'] {
  if (attested === undefined) return null
  const { attestor, source, registration, selectors, subject, at } = attested
  return {
    attestor,
    source: source === undefined || source === '' ? null : source,
    registration: registration ?? null,
    selectors: [...selectors],
    subject: subject ?? null,
    at: rfc3339(at),
  }
}

/** Serves instances. */
export function serveInstances(surface: Surface, ports: ControlPorts): void {
  surface.closed(
    'GET /v1/instances',
    {
      summary: 'Live instances, of all agents or of one',
      query: InstancesQuery,
      answer: InstancesAnswer,
    },
    ({ query }) => {
      if (query.agent !== undefined) ports.authority.agents.find(query.agent)
      const wanted = ports.identities
        .list()
        .filter(({ agent }) => query.agent === undefined || agent === query.agent)
      return { instances: wanted.map((instance) => shown(ports, instance, 'live')) }
    },
  )
  surface.closed(
    'GET /v1/instances/{id}',
    {
      summary: 'One live instance, and what vouched for it',
      params: z.strictObject({ id: Id }),
      answer: InstanceAnswer,
    },
    ({ params }) => {
      const instance = ports.identities.list().find((one) => one.instance === params.id)
      if (instance === undefined) {
        throw fault('identity.no_instance', 'there is no such live instance')
      }
      return shown(ports, instance, 'live')
    },
  )
  surface.closed(
    'POST /v1/instances/{id}/revoke',
    {
      summary: 'Take the identity of an instance away, at once',
      params: z.strictObject({ id: Id }),
      body: BecauseRequest,
      answer: InstanceAnswer,
    },
    async ({ params, body, person }) => {
      const instance = ports.identities.list().find((one) => one.instance === params.id)
      if (instance === undefined) {
        throw fault('identity.no_instance', 'there is no such live instance')
      }
      await ports.identities.revokeInstance(params.id, body.reason, person.id)
      return shown(ports, instance, 'revoked')
    },
  )
}
