// Holds the looking at a system: it is started or asked once, and a person is shown what it is and what to look at twice.

import type { Inspection, SystemCandidate } from '../../api/ports.ts'
import type { Authority } from '../../authority/open.ts'
import { schemaProblem } from '../../gateway/arguments.ts'
import type { Gateway } from '../../gateway/open.ts'
import { outputSchemaProblem } from '../../gateway/results.ts'
import { systemDigest } from '../../gateway/upstream/definition.ts'
import type { ActionDefinition, SystemDefinition } from '../../wire/system.ts'
import type { Credentials } from '../credentials/open.ts'
import type { LivePolicy } from '../live-policy.ts'
import { describedApi, describedSystem } from '../system-described.ts'
import { checkedTransport } from '../system-program.ts'
import { fingerprint } from './fingerprint.ts'
import { identityOf } from './identity.ts'
import { asBefore } from './said.ts'
import { signsOf } from './signs/all.ts'
import type { Looked } from './signs/sign.ts'
import { breaksOf, standingWith } from './standing.ts'

/** Upstream processes of one system at once, unless a person says otherwise. */
const MAX_PROCESSES = 16

/** The parts that pinning needs. */
export interface PinParts {
  readonly authority: Pick<Authority, 'systems' | 'secrets' | 'policies' | 'quarantines'>
  readonly gateway: Pick<Gateway, 'inspect' | 'network'>
  readonly credentials: Pick<Credentials, 'look'>
  readonly policy: LivePolicy
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** What a look at a system found, before it is compared. */
interface Found {
  readonly found: Looked
  readonly problems: readonly string[]
}

/**
 * Starts the system once, or asks it, or reads what describes it, and tells what it is. Nothing is kept. Rejects with `system.*`,
 * `net.*` or `upstream.*`.
 */
export async function inspectSystem(
  parts: PinParts,
  candidate: SystemCandidate,
  /** Id of the person who looks. */
  person: string,
): Promise<Inspection> {
  const { authority } = parts
  const { found, problems } = await foundSystem(parts, candidate, person)
  const before = authority.systems.get(candidate.name)
  const definition = { ...found, maxProcesses: before?.maxProcesses ?? MAX_PROCESSES }
  const actions = asBefore(definition.actions, before?.actions ?? [])
  const standing = standingWith(parts, digested({ ...definition, actions }))
  return {
    definition,
    fingerprint: fingerprint(definition),
    ...(before !== undefined && { pinned: fingerprint(before) }),
    changes: changes(before?.actions ?? [], found.actions),
    warnings: [...unreadable(found.actions), ...unvouched(found), ...problems],
    signs: signsOf(found, othersOf(parts, candidate.name)),
    breaks: breaksOf(standing, candidate.name),
  }
}

/** The systems that agents know besides one. */
export function othersOf({ authority }: Pick<PinParts, 'authority'>, name: string): Looked[] {
  return authority.systems
    .list()
    .map(({ definition }) => definition)
    .filter((other) => other.name !== name)
}

async function foundSystem(
  parts: PinParts,
  candidate: SystemCandidate,
  person: string,
): Promise<Found> {
  const { name, transport } = candidate
  if (transport.kind === 'external') {
    const { definition, problems } = describedSystem(
      name,
      transport.source,
      candidate.document ?? '',
    )
    return { found: definition, problems }
  }
  const { credentials, gateway, environment } = parts
  if (transport.kind === 'api') {
    const { definition, problems } = describedApi(name, transport, candidate.document ?? '')
    const identity = await identityOf(transport, gateway.network)
    const found = { ...definition, ...(identity !== undefined && { identity }) }
    return { found, problems }
  }
  const checked = transport.kind === 'stdio' ? checkedTransport(transport, environment) : transport
  const identity = await identityOf(checked, gateway.network)
  const look = { system: name, transport: checked, values: candidate.secrets ?? {}, person }
  const equipment = await credentials.look(look)
  try {
    const described = await gateway.inspect({ name, transport: checked }, equipment)
    return { found: { ...described, ...(identity !== undefined && { identity }) }, problems: [] }
  } finally {
    await equipment.conclude?.()
  }
}

/** With the digest of what it is. */
export function digested(definition: Omit<SystemDefinition, 'digest'>): SystemDefinition {
  const whole = { ...definition }
  if ('digest' in whole) delete whole.digest
  return { ...whole, digest: systemDigest(whole) }
}

/** Actions whose arguments, or whose results, nobody can check: no call of them will ever be let through. */
function unreadable(actions: readonly ActionDefinition[]): string[] {
  return actions.flatMap(({ name, inputSchema, outputSchema }) => {
    const input = schemaProblem(inputSchema)
    const output = outputSchema === undefined ? undefined : outputSchemaProblem(outputSchema)
    return [
      ...(input === undefined ? [] : [`no arguments will fit \`${name}\`: ${input}`]),
      ...(output === undefined ? [] : [`no result of \`${name}\` will fit: ${output}`]),
    ]
  })
}

/** Where nothing tells that it is the system that was looked at. */
function unvouched({ identity, transport }: Looked): string[] {
  if (identity !== undefined || transport.kind === 'external' || transport.kind === 'web') return []
  return ['it is spoken to without TLS: nobody vouches that it is the one that was looked at']
}

function changes(
  before: readonly ActionDefinition[],
  now: readonly ActionDefinition[],
): Inspection['changes'] {
  const old = new Map(before.map((action) => [action.name, action.digest]))
  const names = new Set(now.map((action) => action.name))
  return [
    ...now
      .filter((action) => old.get(action.name) !== action.digest)
      .map(({ name }) => ({ action: name, change: old.has(name) ? 'changed' : 'added' }) as const),
    ...before
      .filter((action) => !names.has(action.name))
      .map(({ name }) => ({ action: name, change: 'removed' }) as const),
  ]
}
