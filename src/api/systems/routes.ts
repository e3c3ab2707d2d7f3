// Holds the routes of systems: looking at one, pinning it on a person's yes, and what is pinned.

import { z } from 'zod'
import { digest } from '../../std/bytes.ts'
import { canonicalJson, type JsonObject } from '../../std/json.ts'
import {
  InspectAnswer,
  InspectRequest,
  NewSystem,
  System,
  SystemsAnswer,
} from '../../wire/api/system.ts'
import { Name } from '../../wire/api/text.ts'
import type { ControlPorts, Inspection, SystemCandidate } from '../ports.ts'
import type { Surface } from '../serve.ts'
import { saidOf } from './labels.ts'
import { shownDefinition, shownSystem } from './shown.ts'

/** Bytes of a request with a document in it: every quotation mark of the document takes two. */
const DOCUMENT_LIMIT = 25_165_824

/** The candidate of a request: only values of names that the transport has. */
function candidate(of: z.output<typeof InspectRequest>): SystemCandidate {
  const { name, secrets, document } = of
  // What the shape leaves out is absent here: the members are the same, one by one.
  const transport = structuredClone(of.transport) as SystemCandidate['transport']
  switch (transport.kind) {
    case 'external':
      return { name, transport, document: document ?? '' }
    case 'api':
      return { name, transport, secrets, document: document ?? '' }
    default:
      return { name, transport, secrets }
  }
}

/** What is about to run, or to be asked, on a person's word: that stands in the record first. Arguments may hold what should not. */
function lookedAt({ transport, document }: SystemCandidate): JsonObject {
  const whole = digest(canonicalJson(transport as unknown as JsonObject))
  const described = document === undefined ? {} : { document: digest(document) }
  if (transport.kind === 'external') return { source: transport.source, ...described }
  if (transport.kind === 'stdio') return { command: transport.command, transport: whole }
  return { host: new URL(transport.url).host, transport: whole, ...described }
}

function shownInspection(seen: Inspection): InspectAnswer {
  return {
    definition: shownDefinition(seen.definition),
    fingerprint: seen.fingerprint,
    pinned: seen.pinned ?? null,
    changes: seen.changes.map((change) => ({ ...change })),
    warnings: [...seen.warnings],
    signs: seen.signs.map((sign) => ({ ...sign })),
    breaks: seen.breaks.map((problem) => ({ ...problem })),
  }
}

/** Serves systems. */
export function serveSystems(surface: Surface, ports: ControlPorts): void {
  const { authority, audit, server } = ports
  const { systems } = authority
  surface.closed(
    'GET /v1/systems',
    { summary: 'All pinned systems, by name', answer: SystemsAnswer },
    () => ({ systems: systems.list().map((system) => shownSystem(ports, system)) }),
  )
  surface.closed(
    'GET /v1/systems/{name}',
    {
      summary: 'One pinned system',
      params: z.strictObject({ name: Name }),
      answer: System,
    },
    ({ params }) => shownSystem(ports, systems.find(params.name)),
  )
  surface.closed(
    'POST /v1/systems/inspect',
    {
      summary: 'Start a system once and show what it offers; nothing is pinned',
      body: InspectRequest,
      bodyLimit: DOCUMENT_LIMIT,
      answer: InspectAnswer,
    },
    async ({ body, person }) => {
      const asked = candidate(body)
      await audit.append({
        type: 'system.inspected',
        phase: 'admin',
        person: person.id,
        system: asked.name,
        body: lookedAt(asked),
      })
      return shownInspection(await server.inspectSystem(asked, person.id))
    },
  )
  surface.closed(
    'POST /v1/systems',
    {
      summary: 'Pin a system as it was shown, if it still is the same',
      body: NewSystem,
      bodyLimit: DOCUMENT_LIMIT,
      answer: System,
    },
    async ({ body, person }) => {
      const { effects, fingerprint, reason, environment, passing } = body
      const { max_processes: maxProcesses } = body
      await server.pinSystem({
        ...candidate(body),
        effects,
        facts: saidOf(body.facts),
        fingerprint,
        reason,
        person: person.id,
        ...(maxProcesses !== undefined && { maxProcesses }),
        ...(environment !== undefined && { environment }),
        ...(passing !== undefined && { passing }),
      })
      return shownSystem(ports, systems.find(body.name))
    },
  )
}
