// Holds documents of systems: how one is reached, what is said of it, and the fingerprint of what somebody looked at. Secrets are named by where they come from.

import { z } from 'zod'
import type { Effect } from '../../../wire/effect.ts'
import {
  CandidateTransport,
  EffectsByAction,
  InspectAnswer,
  Passing,
  System,
  SystemsAnswer,
} from '../../../wire/api/system.ts'
import { Digest, Name } from '../../../wire/api/text.ts'
import { target } from '../../control/control.ts'
import { fault } from '../../faults.ts'
import { differing, type Kind, type MemberChange, type Members, type Sending } from '../kind.ts'
import type { Tree } from '../yaml.ts'

/** Starting somebody's program for the first time may fetch things (ms). */
const START_MS = 180_000

/** How what a document only names is read, on this side of the network. */
export interface SystemInputs {
  /** A value by where it comes from: `env:NAME`, or a file. */
  value(source: string, what: string): Promise<string>
  /** The JSON text of a document by its file. */
  document(file: string): Promise<string>
}

/** A value never stands in a document: only where it comes from. */
const Source = z
  .string()
  .max(4_096)
  .regex(/^(?:env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$/, 'is not env:NAME or file:PATH')

const Schema = z.strictObject({
  kind: z.literal('system'),
  name: Name,
  transport: CandidateTransport,
  document: z.string().max(4_096).optional(),
  secrets: z.record(z.string(), Source).optional(),
  fingerprint: Digest,
  effects: EffectsByAction.optional(),
  allow_changes: Passing.optional(),
  environment: Name.optional(),
  max_processes: z.number().int().min(1).max(256).optional(),
})

type SystemDocument = Omit<z.output<typeof Schema>, 'kind' | 'name'>

function effectsOf(system: System): Record<string, Effect[]> {
  return Object.fromEntries(system.actions.map(({ name, effects }) => [name, effects]))
}

/** In the order in which the server keeps them. */
function membersOf(system: System): Members {
  return {
    transport: system.transport as unknown as Tree,
    fingerprint: system.fingerprint,
    effects: effectsOf(system),
    allow_changes: [...(system.passing ?? [])].sort(),
    environment: system.environment,
    max_processes: system.max_processes,
  }
}

/** What the fingerprint says need not be compared twice, and effects are compared where the document says some. */
function differences(now: Members | undefined, wanted: Members): readonly MemberChange[] {
  const { transport, document: _d, secrets: _s, effects, allow_changes: passing, ...rest } = wanted
  const before = (now?.['effects'] ?? {}) as Record<string, Tree>
  const said = Object.fromEntries(
    Object.keys(effects ?? {}).map((name) => [name, before[name] ?? null]),
  )
  const compared: Members = {
    ...rest,
    ...(now === undefined && { transport: transport! }),
    ...(effects !== undefined && { effects }),
    ...(passing !== undefined && { allow_changes: [...(passing as string[])].sort() }),
  }
  return differing(now === undefined ? undefined : { ...now, effects: said }, compared)
}

async function send(
  { control, reason }: Sending,
  name: string,
  now: Members | undefined,
  wanted: Members,
  inputs: SystemInputs,
): Promise<void> {
  const of = wanted as unknown as SystemDocument
  const { transport, effects = {}, allow_changes: passing } = of
  const same = (member: 'environment' | 'max_processes'): boolean =>
    of[member] === undefined || of[member] === now?.[member]
  if (now?.['fingerprint'] === of.fingerprint && same('environment') && same('max_processes')) {
    // What it is stays: only what is said of it changes, and nothing has to be started for that.
    const facts = Object.fromEntries(
      Object.entries(effects).map(([action, labels]) => [action, { effects: labels }]),
    )
    const path = target(['v1', 'systems', name, 'labels'])
    await control.send('POST', path, { facts, passing, reason }, System)
    return
  }
  const secrets: Record<string, string> = {}
  for (const [variable, source] of Object.entries(of.secrets ?? {})) {
    secrets[variable] = await inputs.value(source.replace(/^file:/, ''), variable)
  }
  const document = of.document === undefined ? undefined : await inputs.document(of.document)
  const asked = { name, transport, secrets, document }
  const seen = await control.send('POST', '/v1/systems/inspect', asked, InspectAnswer, START_MS)
  if (seen.fingerprint !== of.fingerprint) {
    throw fault(
      'cli.usage',
      `${name} is not what the document says: look at it with system add --dry-run; it is ${seen.fingerprint}`,
    )
  }
  const before = (now?.['effects'] ?? {}) as Record<string, Effect[]>
  const methods = seen.definition.actions.filter((action) => action.name.includes('/'))
  const proposed = Object.fromEntries(methods.map((action) => [action.name, action.effects]))
  const names = new Set(seen.definition.actions.map((action) => action.name))
  const kept = Object.fromEntries(Object.entries(before).filter(([action]) => names.has(action)))
  const body = {
    ...asked,
    effects: { ...proposed, ...kept, ...effects },
    fingerprint: of.fingerprint,
    reason,
    environment: of.environment,
    max_processes: of.max_processes,
    passing,
  }
  await control.send('POST', '/v1/systems', body, System, START_MS)
}

const NO_INPUTS: SystemInputs = {
  value: () => Promise.reject(fault('cli.usage', 'no value can be read here')),
  document: () => Promise.reject(fault('cli.usage', 'no document can be read here')),
}

/** The kind `system`. Nothing is pinned that the fingerprint of its document does not name. */
export function systemKind(inputs: SystemInputs = NO_INPUTS): Kind {
  return {
    kind: 'system',
    schema: Schema as unknown as Kind['schema'],
    current: async (control) => {
      const { systems } = await control.get('/v1/systems', SystemsAnswer)
      return new Map(systems.map((system) => [system.name, membersOf(system)]))
    },
    differences,
    send: (sending, name, now, wanted) => send(sending, name, now, wanted, inputs),
    // What is described needs its document, and Bailiwick's own way out is nobody's to pin.
    exported: (name, now) => {
      const { kind } = now['transport'] as { readonly kind: string }
      return kind === 'stdio' || kind === 'mcp' ? { kind: 'system', name, ...now } : undefined
    },
  }
}
