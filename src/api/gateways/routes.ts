// Holds the routes of gateways: which there are and how they are connected, registering one, inviting it again, removing it.

import { z } from 'zod'
import type { Gateway as Row, Invited } from '../../authority/gateways/gateways.ts'
import { rfc3339 } from '../../std/clock.ts'
import {
  Gateway,
  GatewayChange,
  GatewayInvited,
  GatewaysAnswer,
  NewGateway,
} from '../../wire/api/gateway.ts'
import { BecauseRequest, Name } from '../../wire/api/text.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'

const ByName = z.strictObject({ name: Name })

function shown(
  { links }: ControlPorts,
  { certificates, hosts, name, state, systems }: Row,
): Gateway {
  const ends = Math.max(0, ...certificates.map(({ notAfter }) => notAfter))
  const link = links.of(name)
  return {
    name,
    state,
    systems: systems && [...systems],
    hosts: [...hosts],
    ...(ends > 0 && { certificate_ends: rfc3339(ends) }),
    ...(link !== undefined && { link }),
  }
}

function invited(ports: ControlPorts, { expiresAt, gateway, token }: Invited): GatewayInvited {
  return {
    ...shown(ports, gateway),
    token,
    token_expires: rfc3339(expiresAt),
    identity: ports.server.facts().listeners.identity,
    control: ports.links.address ?? null,
  }
}

/**
 * Tells every administrator: whoever runs a gateway is handed the credentials of its systems. It is done and on record by then: what keeps
 * it from being told is for the operator's own log.
 */
async function announce(
  ports: ControlPorts,
  act: 'add' | 'invite' | 'change' | 'remove',
  { name, systems }: Row,
  word: { readonly person: string; readonly reason: string },
): Promise<void> {
  await ports.authority.governance
    .announce({ kind: 'gateway', act, gateway: name, systems }, word)
    .catch((error: unknown) => ports.failed(error, ''))
}

/** What is left out stays. */
function given(
  hosts: readonly string[] | undefined,
  systems: readonly string[] | null | undefined,
) {
  return { ...(hosts && { hosts }), ...(systems !== undefined && { systems }) }
}

/** Serves gateways. */
export function serveGateways(surface: Surface, ports: ControlPorts): void {
  const { authority, links } = ports
  surface.closed(
    'GET /v1/gateways',
    { summary: 'Gateways and how they are connected', answer: GatewaysAnswer },
    () => ({
      gateways: [
        {
          name: ports.server.facts().gateway,
          state: 'in_process' as const,
          systems: null,
          hosts: [],
        },
        ...authority.gateways.list().map((one) => shown(ports, one)),
      ],
      address: links.address ?? null,
    }),
  )
  serveInvitations(surface, ports)
  serveChanges(surface, ports)
}

/** Routes whose answers have a join token. */
function serveInvitations(surface: Surface, ports: ControlPorts): void {
  const { authority, roots } = ports
  const { gateways } = authority
  surface.closed(
    'POST /v1/gateways',
    {
      summary: 'Register a gateway; its join token is in this answer and nowhere else',
      body: NewGateway,
      answer: GatewayInvited,
    },
    async ({ body: { hosts, name, reason, systems }, person }) => {
      const word = { person: person.id, reason }
      const added = await gateways.add({ name, ...given(hosts, systems) }, word, roots)
      await announce(ports, 'add', added.gateway, word)
      return invited(ports, added)
    },
  )
  surface.closed(
    'POST /v1/gateways/{name}/invite',
    {
      summary: 'Let a gateway enrol again: what it has goes on until it does',
      params: ByName,
      body: BecauseRequest,
      answer: GatewayInvited,
    },
    async ({ params, body, person }) => {
      const word = { person: person.id, reason: body.reason }
      const again = await gateways.invite(params.name, word, roots)
      await announce(ports, 'invite', again.gateway, word)
      return invited(ports, again)
    },
  )
}

function serveChanges(surface: Surface, ports: ControlPorts): void {
  const { gateways } = ports.authority
  surface.closed(
    'POST /v1/gateways/{name}/change',
    {
      summary: 'Assign other systems to a gateway, or other names',
      params: ByName,
      body: GatewayChange,
      answer: Gateway,
    },
    async ({ params, body: { hosts, reason, systems }, person }) => {
      const word = { person: person.id, reason }
      const changed = await gateways.change(params.name, given(hosts, systems), word)
      await announce(ports, 'change', changed, word)
      return shown(ports, changed)
    },
  )
  surface.closed(
    'POST /v1/gateways/{name}/remove',
    {
      summary: 'Remove a gateway: it is let in no more, and what it carries out is cut',
      params: ByName,
      body: BecauseRequest,
      answer: Gateway,
    },
    async ({ params, body, person }) => {
      const word = { person: person.id, reason: body.reason }
      const removed = await gateways.remove(params.name, word)
      await announce(ports, 'remove', removed, word)
      return shown(ports, removed)
    },
  )
}
