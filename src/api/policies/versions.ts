// Holds the routes of policy versions: which sets were applied, by whom and why, and going back to one.

import { z } from 'zod'
import { rfc3339 } from '../../std/clock.ts'
import { PolicyApplied } from '../../wire/api/policy.ts'
import {
  PolicyRollback,
  PolicyVersionAnswer,
  PolicyVersionsAnswer,
  PolicyVersionsQuery,
  type PolicyVersionEntry,
} from '../../wire/api/policy-version.ts'
import { Id } from '../../wire/api/text.ts'
import type { Policies } from '../../authority/registry/policies.ts'
import { personName } from '../people/name.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'
import { shownChange } from './change.ts'

type Version = Awaited<ReturnType<Policies['find']>>

function shown({ authority }: ControlPorts, of: Version): PolicyVersionEntry {
  return {
    id: of.id,
    digest: of.digest,
    applied_at: rfc3339(of.appliedAt),
    applied_by: personName(authority, of.person),
    approved_by: of.approvedBy === undefined ? null : personName(authority, of.approvedBy),
    reason: of.reason ?? null,
    current: of.current && !authority.policies.outdated,
    parent: of.parent ?? null,
    rollback_of: of.rollbackOf ?? null,
    files: of.sources.length,
  }
}

/** Serves versions. */
export function serveVersions(surface: Surface, ports: ControlPorts): void {
  const { policies } = ports.authority
  surface.closed(
    'GET /v1/policies/versions',
    {
      summary: 'The policy sets that were applied, the newest first',
      query: PolicyVersionsQuery,
      answer: PolicyVersionsAnswer,
    },
    async ({ query }) => {
      const all = await policies.history()
      const newest = all.slice(-query.limit).reverse()
      return { versions: newest.map((version) => shown(ports, version)) }
    },
  )
  surface.closed(
    'GET /v1/policies/versions/{id}',
    {
      summary: 'One policy set that was applied, with its text',
      params: z.strictObject({ id: Id }),
      answer: PolicyVersionAnswer,
    },
    async ({ params }) => {
      const version = await policies.find(params.id)
      const sources = version.sources.map(({ file, text }) => ({ file, text }))
      return { ...shown(ports, version), sources }
    },
  )
  surface.closed(
    'POST /v1/policies/rollback',
    {
      summary: 'Put the text of an earlier version in force again, as a new version',
      body: PolicyRollback,
      answer: PolicyApplied,
    },
    async ({ body: { version, reason, dry_run: dryRun }, person }) =>
      shownChange(
        await ports.server.rollbackPolicies({ version, reason, dryRun, person: person.id }),
      ),
  )
}
