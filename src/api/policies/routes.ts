// Holds the routes of policies: what is in force, and applying another set.

import { rfc3339 } from '../../std/clock.ts'
import {
  PoliciesAnswer,
  PolicyApplied,
  PolicyApply,
  PolicySchemaAnswer,
} from '../../wire/api/policy.ts'
import { personName } from '../people/name.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'
import { shownChange } from './change.ts'
import { serveProposals } from './proposals.ts'
import { serveReplay } from './replay.ts'
import { serveVersions } from './versions.ts'

function shown({ authority, server }: ControlPorts): PoliciesAnswer {
  const current = authority.policies.current()
  const { set, problems, isolated } = server.policies()
  return {
    digest: current?.digest ?? null,
    applied_at: current === undefined ? null : rfc3339(current.appliedAt),
    applied_by: current === undefined ? null : personName(authority, current.person),
    sources: (current?.sources ?? []).map(({ file, text }) => ({ file, text })),
    policies: [...set.policies.values()].map(({ id, effect, gate, reason, file }) => ({
      id,
      effect,
      file,
      ...(gate !== undefined && { gate }),
      ...(reason !== undefined && { reason }),
    })),
    problems: problems.map((problem) => ({ ...problem })),
    isolated: [...isolated].map(([system, broken]) => ({
      system,
      problems: broken.map((problem) => ({ ...problem })),
    })),
  }
}

/** Serves policies. */
export function servePolicies(surface: Surface, ports: ControlPorts): void {
  serveReplay(surface, ports)
  serveVersions(surface, ports)
  serveProposals(surface, ports)
  surface.closed(
    'GET /v1/policies',
    {
      summary: 'The policy set that was applied last, and what decides now',
      answer: PoliciesAnswer,
    },
    () => shown(ports),
  )
  surface.closed(
    'GET /v1/policies/schema',
    {
      summary: 'The Cedar schema of what is pinned, which policies are held against',
      answer: PolicySchemaAnswer,
    },
    () => {
      const { entityTypes = {}, actions = {} } = ports.server.policies().set.schema.json[''] ?? {}
      return { entityTypes, actions }
    },
  )
  surface.closed(
    'POST /v1/policies',
    {
      summary: 'Apply a whole set of policies, or say what applying it would change',
      body: PolicyApply,
      answer: PolicyApplied,
    },
    async ({ body, person }) => {
      const { sources, dry_run: dryRun, reason } = body
      const change = await ports.server.applyPolicies({
        sources,
        dryRun,
        reason,
        person: person.id,
      })
      return shownChange(change)
    },
  )
}
