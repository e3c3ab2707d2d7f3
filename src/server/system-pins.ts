// Holds the looking at a system and its pinning: what a person is shown is started once, and what they agreed to is pinned.

import type { Inspection, Pin, ServerPort, SystemCandidate } from '../api/ports.ts'
import type { Authority } from '../authority/open.ts'
import type { Gateway } from '../gateway/open.ts'
import { schemaProblem } from '../gateway/arguments.ts'
import { systemDigest } from '../gateway/upstream/definition.ts'
import type { Problem } from '../policy/problem.ts'
import { factsProblem, withFacts } from '../policy/reality/facts.ts'
import type { ActionDefinition, SystemDefinition } from '../wire/system.ts'
import { serverFault } from './faults.ts'
import { standingOf, type Standing } from './isolation.ts'
import type { LivePolicy } from './live-policy.ts'
import { describedSystem } from './system-described.ts'
import { checkedTransport } from './system-program.ts'

/** Upstream processes of one system at once, unless a person says otherwise. */
const MAX_PROCESSES = 16

/** Characters that people do not see, or that turn text around: in a definition they are pointed out. */
const UNSEEN = /(?![\t\n\r])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Default_Ignorable_Code_Point}]/u

/** The parts that pinning needs. */
export interface PinParts {
  readonly authority: Pick<Authority, 'systems' | 'secrets' | 'policies'>
  readonly gateway: Pick<Gateway, 'inspect'>
  readonly policy: LivePolicy
  readonly environment: Readonly<Record<string, string | undefined>>
}

/**
 * Starts the system once, or reads what describes it, and tells what it is. Nothing is kept. Rejects with `system.*` or
 * `upstream.*`.
 */
export async function inspectSystem(
  parts: PinParts,
  candidate: SystemCandidate,
): Promise<Inspection> {
  const { authority } = parts
  const { found, problems } = await foundSystem(parts, candidate)
  const before = authority.systems.get(candidate.name)
  const definition = { ...found, maxProcesses: before?.maxProcesses ?? MAX_PROCESSES }
  const actions = asBefore(definition.actions, before?.actions ?? [])
  const standing = standingWith(parts, digested({ ...definition, actions }))
  return {
    definition,
    fingerprint: fingerprint(definition),
    ...(before !== undefined && { pinned: fingerprint(before) }),
    changes: changes(before?.actions ?? [], found.actions),
    warnings: [
      ...warnings(found.actions, found.instructions),
      ...unreadable(found.actions),
      ...problems,
    ],
    breaks: breaks(standing, candidate.name),
  }
}

async function foundSystem(
  { authority, gateway, environment }: PinParts,
  candidate: SystemCandidate,
): Promise<{
  readonly found: Omit<SystemDefinition, 'digest' | 'maxProcesses'>
  readonly problems: readonly string[]
}> {
  const { name } = candidate
  if (candidate.document !== undefined) {
    const { document, transport } = candidate
    const source = transport.kind === 'external' ? transport.source : 'openapi'
    const { definition, problems } = describedSystem(name, source, document)
    if (transport.kind === 'external') return { found: definition, problems }
    const reached = { ...transport, document: definition.transport.document }
    return { found: { ...definition, transport: reached }, problems }
  }
  const transport =
    candidate.transport.kind === 'stdio'
      ? checkedTransport(candidate.transport, environment)
      : candidate.transport
  const secrets = { ...authority.secrets.open(name), ...candidate.secrets }
  return { found: await gateway.inspect({ name, transport }, secrets), problems: [] }
}

/**
 * Looks again, and pins what is there if it is still what the person agreed to. Where the policies in force do not hold with it,
 * they go on with what they know, and the system is isolated until they are mended.
 */
export async function pinSystem(parts: PinParts, pin: Pin): Promise<SystemDefinition> {
  const seen = await inspectSystem(parts, pin)
  if (seen.fingerprint !== pin.fingerprint) {
    throw serverFault('system.changed', `${pin.name} is no longer what was shown`)
  }
  const { authority, policy } = parts
  return policy.turns.run(() => {
    const before = authority.systems.get(pin.name)?.actions ?? []
    const labelled = withEffects(seen.definition.actions, pin.effects)
    const definition = digested({
      ...seen.definition,
      maxProcesses: pin.maxProcesses ?? seen.definition.maxProcesses,
      actions: said(asBefore(labelled, before, true), pin.facts),
    })
    return putSystem(parts, definition, pin, pin.secrets ?? {})
  })
}

/** Changes what is said of actions that are pinned. Throws `system.unknown`, `system.facts`. */
export function labelSystem(
  parts: Pick<PinParts, 'authority' | 'policy'>,
  of: Parameters<ServerPort['labelSystem']>[0],
): Promise<SystemDefinition> {
  return parts.policy.turns.run(() => {
    const { definition } = parts.authority.systems.find(of.name)
    const actions = said(definition.actions, of.facts)
    return putSystem(parts, digested({ ...definition, actions }), of, {})
  })
}

/** Pins, in turn with every other change of policies. */
async function putSystem(
  parts: Pick<PinParts, 'authority' | 'policy'>,
  definition: SystemDefinition,
  word: Pick<Pin, 'person' | 'reason' | 'environment'>,
  secrets: Readonly<Record<string, string>>,
): Promise<SystemDefinition> {
  const { authority, policy } = parts
  const { name } = definition
  const current = authority.policies.current()
  const standing = standingWith(parts, definition)
  // Where nothing is in force there is nothing to break: it stays so until policies are applied that hold.
  if (!standing.ok && policy.problems.length === 0) {
    const first = standing.problems[0]
    const place = first === undefined ? '' : `: ${first.file}:${first.line}: ${first.message}`
    throw serverFault('policy.breaks', `the policies in force do not hold with it${place}`)
  }
  for (const [variable, value] of Object.entries(secrets)) {
    await authority.secrets.put(name, variable, value, word)
  }
  const isolated = standing.ok && standing.isolated.has(name)
  const before = isolated ? knownDefinition(parts, name) : undefined
  const { person, reason, environment } = word
  const { definition: pinned } = await authority.systems.pin(definition, {
    person,
    reason,
    ...(environment !== undefined && { environment }),
    ...(before !== undefined && { before }),
  })
  // A version that the record knows to be replaced stays out of force (INV-13), whatever systems become.
  if (authority.policies.outdated) return pinned
  const after = authority.policies.current()
  // Policies were applied while this was written: what was compiled before speaks of others.
  const settled =
    after === current ? standing : standingOf(after?.sources ?? [], authority.systems.list())
  if (!settled.ok) policy.keep(settled.problems)
  else policy.put(settled.set, after?.sources ?? [], settled.isolated)
  return pinned
}

/** The definition of a system that the policies in force were compiled against. */
function knownDefinition(
  { authority, policy }: Pick<PinParts, 'authority' | 'policy'>,
  name: string,
): SystemDefinition | undefined {
  const held = authority.systems.list().find(({ definition }) => definition.name === name)
  return policy.isolated.has(name) ? held?.before : held?.definition
}

/** What the policies in force would make of the pinned systems with this one among them. */
function standingWith(
  parts: Pick<PinParts, 'authority' | 'policy'>,
  definition: SystemDefinition,
): Standing {
  const { authority } = parts
  const pinned = authority.systems.list().map((held) => held.definition)
  const others = pinned.filter(({ name }) => name !== definition.name)
  const systems = [...others, definition].map((now) => {
    const before = knownDefinition(parts, now.name)
    return { definition: now, ...(before !== undefined && before !== now && { before }) }
  })
  return standingOf(authority.policies.current()?.sources ?? [], systems)
}

function breaks(standing: Standing, name: string): readonly Problem[] {
  return standing.ok ? (standing.isolated.get(name) ?? []) : standing.problems
}

function digested(definition: Omit<SystemDefinition, 'digest'>): SystemDefinition {
  const whole = { ...definition }
  if ('digest' in whole) delete whole.digest
  return { ...whole, digest: systemDigest(whole) }
}

/** The actions with what was said of those of the same name: their labels, and their effects unless they were just given. */
function asBefore(
  actions: readonly ActionDefinition[],
  before: readonly ActionDefinition[],
  given = false,
): ActionDefinition[] {
  const old = new Map(before.map((action) => [action.name, action]))
  return actions.map((action) => {
    const { effects, labels = [], measures = {}, triggers = [] } = old.get(action.name) ?? action
    const own = given ? action.effects : effects
    return withFacts(action, { effects: own, labels, measures, triggers })
  })
}

function said(actions: readonly ActionDefinition[], facts: Pin['facts']): ActionDefinition[] {
  const unknown = Object.keys(facts).find((name) => !actions.some((one) => one.name === name))
  if (unknown !== undefined) {
    throw serverFault('system.facts', `there is no action \`${unknown.slice(0, 128)}\``)
  }
  return actions.map((action) => {
    const now = withFacts(action, Object.hasOwn(facts, action.name) ? facts[action.name]! : {})
    const problem = factsProblem(now)
    if (problem === undefined) return now
    throw serverFault('system.facts', `of \`${action.name}\`: ${problem}`)
  })
}

/** Actions whose arguments nobody can check: no call of them will ever be let through. */
function unreadable(actions: readonly ActionDefinition[]): string[] {
  return actions.flatMap(({ name, inputSchema }) => {
    const problem = schemaProblem(inputSchema)
    return problem === undefined ? [] : [`no arguments will fit \`${name}\`: ${problem}`]
  })
}

/** Of everything but what people say of it. */
function fingerprint(definition: Omit<SystemDefinition, 'digest'>): string {
  const actions = definition.actions.map(
    ({ effects: _e, labels: _l, measures: _m, triggers: _t, ...action }) => ({
      ...action,
      effects: [],
    }),
  )
  return systemDigest({ ...definition, actions, maxProcesses: 0 })
}

function withEffects(
  actions: readonly ActionDefinition[],
  effects: Pin['effects'],
): ActionDefinition[] {
  const unknown = Object.keys(effects).find(
    (name) => !actions.some((action) => action.name === name),
  )
  if (unknown !== undefined) {
    throw serverFault('system.effects', `there is no action \`${unknown.slice(0, 128)}\``)
  }
  return actions.map((action) => ({
    ...action,
    effects: [...new Set(effects[action.name] ?? [])],
  }))
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

function warnings(
  actions: readonly ActionDefinition[],
  instructions: string | undefined,
): string[] {
  const texts = actions.map((action) => [
    `the definition of \`${action.name}\``,
    `${action.title ?? ''}${action.description ?? ''}${JSON.stringify(action.inputSchema)}`,
  ])
  texts.push(['the instructions', instructions ?? ''])
  return texts
    .filter(([, text]) => UNSEEN.test(text ?? ''))
    .map(([what]) => `${what} holds characters that people do not see`)
}
