// Holds the routes of systems: looking at one, pinning it on a person's yes, and what is pinned.

import { z } from 'zod'
import { digest } from '../../std/bytes.ts'
import { canonicalJson } from '../../std/json.ts'
import {
  InspectAnswer,
  InspectRequest,
  NewSystem,
  System,
  SystemsAnswer,
} from '../../wire/api/system.ts'
import { Name } from '../../wire/api/text.ts'
import type { ControlPorts, SystemCandidate } from '../ports.ts'
import type { Surface } from '../serve.ts'
import { shownDefinition, shownSystem } from './shown.ts'

/** The candidate of a request: only values of variables that the transport names. */
function candidate(of: z.output<typeof InspectRequest>): SystemCandidate {
  const { kind, command, args, cwd, env } = of.transport
  return {
    name: of.name,
    transport: { kind, command, args, ...(cwd !== undefined && { cwd }), env },
    secrets: of.secrets,
  }
}

/** Serves systems. */
export function serveSystems(surface: Surface, { authority, audit, server }: ControlPorts): void {
  const { systems } = authority
  surface.closed(
    'GET /v1/systems',
    { summary: 'All pinned systems, by name', answer: SystemsAnswer },
    () => ({ systems: systems.list().map((system) => shownSystem(authority, system)) }),
  )
  surface.closed(
    'GET /v1/systems/{name}',
    {
      summary: 'One pinned system',
      params: z.strictObject({ name: Name }),
      answer: System,
    },
    ({ params }) => shownSystem(authority, systems.find(params.name)),
  )
  surface.closed(
    'POST /v1/systems/inspect',
    {
      summary: 'Start a system once and show what it offers; nothing is pinned',
      body: InspectRequest,
      answer: InspectAnswer,
    },
    async ({ body, person }) => {
      const asked = candidate(body)
      const { kind, command, args, env } = asked.transport
      // A program is about to run on a person's word: that stands in the record first. Arguments may hold what should not.
      await audit.append({
        type: 'system.inspected',
        phase: 'admin',
        person: person.id,
        system: asked.name,
        body: {
          command,
          transport: digest(canonicalJson({ kind, command, args: [...args], env: [...env] })),
        },
      })
      const { definition, fingerprint, pinned, changes, warnings } =
        await server.inspectSystem(asked)
      return {
        definition: shownDefinition(definition),
        fingerprint,
        pinned: pinned ?? null,
        changes: changes.map((change) => ({ ...change })),
        warnings: [...warnings],
      }
    },
  )
  surface.closed(
    'POST /v1/systems',
    {
      summary: 'Pin a system as it was shown, if it still is the same',
      body: NewSystem,
      answer: System,
    },
    async ({ body, person }) => {
      const { effects, fingerprint, reason, max_processes: maxProcesses, environment } = body
      await server.pinSystem({
        ...candidate(body),
        effects,
        fingerprint,
        reason,
        person: person.id,
        ...(maxProcesses !== undefined && { maxProcesses }),
        ...(environment !== undefined && { environment }),
      })
      return shownSystem(authority, systems.find(body.name))
    },
  )
}
