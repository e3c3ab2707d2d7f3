// Holds the looking at a system and its pinning: what a person is shown is started once, and what they agreed to is pinned.

import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, isAbsolute, join, resolve } from 'node:path'
import type { Inspection, Pin, SystemCandidate } from '../api/ports.ts'
import type { Authority } from '../authority/open.ts'
import type { Gateway } from '../gateway/open.ts'
import { systemDigest } from '../gateway/upstream/definition.ts'
import type { ActionDefinition, StdioTransport, SystemDefinition } from '../wire/system.ts'
import { serverFault } from './faults.ts'
import { LivePolicy } from './live-policy.ts'

/** Upstream processes of one system at once, unless a person says otherwise. */
const MAX_PROCESSES = 16

/** Variables that change what a program loads or whom it trusts: a system gets none of them. */
const REFUSED_VARIABLES =
  /^(?:LD_.*|DYLD_.*|NODE_OPTIONS|NODE_PATH|PYTHONPATH|PATH|HOME|TMPDIR|BAILIWICK_.*)$/

/** Characters that people do not see, or that turn text around: in a definition they are pointed out. */
const UNSEEN = /(?![\t\n\r])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Default_Ignorable_Code_Point}]/u

/** The parts that pinning needs. */
export interface PinParts {
  readonly authority: Pick<Authority, 'systems' | 'secrets' | 'policies'>
  readonly gateway: Pick<Gateway, 'inspect'>
  readonly policy: LivePolicy
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** Starts the system once and tells what it is. Nothing is kept. Rejects with `system.*` or `upstream.*`. */
export async function inspectSystem(
  parts: PinParts,
  candidate: SystemCandidate,
): Promise<Inspection> {
  const { authority, gateway, environment } = parts
  const transport = checkedTransport(candidate.transport, environment)
  const secrets = { ...authority.secrets.open(candidate.name), ...candidate.secrets }
  const found = await gateway.inspect({ name: candidate.name, transport }, secrets)
  const before = authority.systems.get(candidate.name)
  const definition = { ...found, maxProcesses: before?.maxProcesses ?? MAX_PROCESSES }
  return {
    definition,
    fingerprint: fingerprint(definition),
    ...(before !== undefined && { pinned: fingerprint(before) }),
    changes: changes(before?.actions ?? [], found.actions),
    warnings: warnings(found.actions, found.instructions),
  }
}

/**
 * Looks again, and pins what is there if it is still what the person agreed to. Policies are compiled against it first: a
 * pin that would take the policies out of force is refused.
 */
export async function pinSystem(parts: PinParts, pin: Pin): Promise<SystemDefinition> {
  const { authority, policy } = parts
  const seen = await inspectSystem(parts, pin)
  if (seen.fingerprint !== pin.fingerprint) {
    throw serverFault('system.changed', `${pin.name} is no longer what was shown`)
  }
  const labelled = {
    ...seen.definition,
    maxProcesses: pin.maxProcesses ?? seen.definition.maxProcesses,
    actions: withEffects(seen.definition.actions, pin.effects),
  }
  const definition: SystemDefinition = { ...labelled, digest: systemDigest(labelled) }
  const others = authority.systems.list().map((held) => held.definition)
  const systems = [...others.filter((other) => other.name !== pin.name), definition]
  const compiled = LivePolicy.compile(policy.sources, systems)
  if (!compiled.ok) {
    const first = compiled.problems[0]
    const place = first === undefined ? '' : `: ${first.file}:${first.line}: ${first.message}`
    throw serverFault('policy.breaks', `the policies in force do not hold with it${place}`)
  }
  for (const [name, value] of Object.entries(pin.secrets)) {
    await authority.secrets.put(pin.name, name, value, pin)
  }
  const { definition: pinned } = await authority.systems.pin(definition, pin)
  policy.put(compiled.set, policy.sources)
  return pinned
}

function fingerprint(definition: Omit<SystemDefinition, 'digest'>): string {
  const actions = definition.actions.map((action) => ({ ...action, effects: [] }))
  return systemDigest({ ...definition, actions, maxProcesses: 0 })
}

function withEffects(
  actions: readonly ActionDefinition[],
  effects: Pin['effects'],
): ActionDefinition[] {
  const unknown = Object.keys(effects).find(
    (name) => !actions.some((action) => action.name === name),
  )
  if (unknown !== undefined)
    throw serverFault('system.effects', `there is no action \`${unknown}\``)
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

/** The transport with its program's whole path: what is pinned does not depend on who starts it later. */
function checkedTransport(
  transport: StdioTransport,
  environment: Readonly<Record<string, string | undefined>>,
): StdioTransport {
  const refused = transport.env.find((name) => REFUSED_VARIABLES.test(name))
  if (refused !== undefined) throw serverFault('system.environment', `\`${refused}\` is refused`)
  const { command } = transport
  const candidates = command.includes('/')
    ? [isAbsolute(command) ? command : resolve(transport.cwd ?? '.', command)]
    : (environment['PATH'] ?? '').split(delimiter).map((folder) => join(folder, command))
  const path = candidates.find(isProgram)
  if (path === undefined) {
    throw serverFault('system.command', `there is no program \`${command.slice(0, 200)}\``)
  }
  return { ...transport, command: path }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
