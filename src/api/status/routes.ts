// Holds the status of the whole: what runs, what is in force, what the operator should know.

import { rfc3339 } from '../../std/clock.ts'
import { Fault } from '../../std/fault.ts'
import { Status } from '../../wire/api/status.ts'
import type { AuditRecord } from '../../wire/record.ts'
import { personName } from '../people/name.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'

/** Records under published checkpoints, and the root of the newest: the third line of its note (C2SP tlog-checkpoint). */
function head(audit: ControlPorts['audit']): { readonly size: number; readonly root: string } {
  try {
    const [, , root = ''] = audit.checkpoint().split('\n', 3)
    return { size: audit.stats().published, root }
  } catch (error) {
    if (error instanceof Fault && error.code === 'audit.not_found') return { size: 0, root: '' }
    throw error
  }
}

/** Who besides the log has seen it, and how much of it can be searched. */
function seen({ server, search }: ControlPorts) {
  const state = server.witnessed()
  const times = (state?.result?.cosignatures ?? []).map(({ time }) => time)
  return {
    witnessed: state?.result?.met === true && (state.result.cosignatures.length ?? 0) > 0,
    witnessed_size: state?.size ?? null,
    witnessed_at: times.length === 0 ? null : rfc3339(Math.max(...times) * 1_000),
    forked: state?.forked ?? null,
    indexed: search.state().indexed,
  }
}

/** What a reader gives; undefined where the log cannot be read there: the status is for finding that out, and verification names the place. */
function readable<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof Fault && error.code === 'audit.corrupt') return undefined
    throw error
  }
}

function newest(audit: ControlPorts['audit'], type: string): AuditRecord | undefined {
  return readable(() => audit.newest(type))?.record
}

/** How records get to the disk, and what the record itself says was refused or lost. */
function recording(audit: ControlPorts['audit']): Status['record'] {
  const { backlogSegments, freeBytes, breakGlass, failure, sequencerProblem, reserveProblem } =
    audit.stats()
  const refused = newest(audit, 'refusals.quota')
  const lost = newest(audit, 'gateway.lost')
  const total = refused?.body['total']
  const gateway = lost?.body['gateway']
  const { base = 0, size = 0 } = audit.shards.at(-1) ?? {}
  const [last] = readable(() => audit.read(Math.max(0, base + size - 1), 1)) ?? []
  return {
    backlog_segments: backlogSegments,
    free_bytes: freeBytes ?? null,
    problems: [failure, sequencerProblem, reserveProblem].filter((one) => one !== undefined),
    break_glass:
      breakGlass === undefined
        ? null
        : {
            to: breakGlass.to,
            until: rfc3339(breakGlass.until),
            open: breakGlass.open,
            problem: breakGlass.problem ?? null,
          },
    refused_at: refused?.ts ?? null,
    refused: typeof total === 'number' ? total : 0,
    lost_at: lost?.ts ?? null,
    lost_gateway: typeof gateway === 'string' ? gateway : null,
    newest_at: last?.record.ts ?? null,
  }
}

function policies({ authority, server }: ControlPorts): Status['policies'] {
  const current = authority.policies.current()
  if (current === undefined) return null
  return {
    digest: current.digest,
    count: server.policies().set.policies.size,
    applied_at: rfc3339(current.appliedAt),
    applied_by: personName(authority, current.person),
  }
}

/** Serves the status. */
export function serveStatus(surface: Surface, ports: ControlPorts): void {
  const { authority, audit, identities, server } = ports
  surface.closed(
    'GET /v1/status',
    { summary: 'What runs, what is in force, what to look at', answer: Status },
    () => {
      const facts = server.facts()
      return {
        version: facts.version,
        home: facts.home,
        started_at: rfc3339(facts.startedAt),
        trust_domain: facts.trustDomain,
        authority_fingerprint: facts.authorityFingerprint,
        authority_ends: rfc3339(facts.authorityEnds),
        listeners: {
          control: facts.listeners.control,
          identity: facts.listeners.identity,
          gateway: facts.listeners.gateway,
          gateway_plain: facts.listeners.plain ?? null,
          workload: facts.listeners.workload ?? null,
        },
        agents: authority.agents.list().length,
        instances_live: identities.list().length,
        systems: authority.systems.list().length,
        policies: policies(ports),
        approvals_pending: authority.approvals.list().filter(({ state }) => state === 'pending')
          .length,
        locks: authority.locks.list().length,
        calls_in_flight: facts.callsInFlight,
        upstreams: facts.upstreams,
        log: {
          origin: facts.logOrigin,
          ...head(audit),
          published_at: facts.logPublishedAt === undefined ? null : rfc3339(facts.logPublishedAt),
          ...seen(ports),
        },
        record: recording(audit),
        now: rfc3339(ports.clock.now()),
        database: facts.database,
        backup_at: newest(audit, 'backup.made')?.ts ?? null,
        situation: facts.situation,
        warnings: [...facts.warnings],
      }
    },
  )
}
