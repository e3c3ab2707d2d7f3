// Holds systems as the control API inspects, pins and shows them. History: v1 stdio transports.

import { z } from 'zod'
import { EFFECTS } from '../effect.ts'
import { Digest, Name, Reason, Time } from './text.ts'

const EffectLabel = z.enum(EFFECTS)
const Variable = z
  .string()
  .max(128)
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'is not the name of an environment variable')
const Word = z
  .string()
  .max(4096)
  .refine((text) => !text.includes('\0') && text.isWellFormed(), 'has a NUL or broken Unicode')
const JsonObjectShape = z.record(z.string(), z.unknown())

/** A local program that speaks MCP on its standard streams. */
export const Transport = z.strictObject({
  kind: z.literal('stdio'),
  /** Absolute path, or a name looked up on PATH when the system is added. */
  command: Word.min(1),
  args: z.array(Word).max(256).default([]),
  cwd: Word.min(1).optional(),
  /** Names of the environment variables whose values are sealed. */
  env: z.array(Variable).max(64).default([]),
})

/** One operation of a system, as pinned or as proposed. */
export const Action = z
  .object({
    name: z.string(),
    title: z.string().optional(),
    description: z.string().optional(),
    input_schema: JsonObjectShape,
    output_schema: JsonObjectShape.optional(),
    /** The system's own hints; never trusted. */
    annotations: JsonObjectShape.optional(),
    /** Confirmed by a person where pinned, proposed where inspected. Empty counts as every effect. */
    effects: z.array(EffectLabel),
    digest: Digest,
  })
  .meta({ id: 'Action' })

/** What a system said of itself. */
const SystemDefinitionAnswer = z.object({
  name: Name,
  transport: Transport,
  era: z.enum(['2025-11-25', '2026-07-28']),
  server: z.object({ name: z.string(), version: z.string() }),
  instructions: z.string().optional(),
  actions: z.array(Action),
  max_processes: z.number().int(),
  digest: Digest,
})

/** A registered system. */
export const System = SystemDefinitionAnswer.extend({
  /** Agents of another environment reach it only where policy says so. */
  environment: Name,
  pinned_at: Time,
  /** Name of the person who pinned it. */
  pinned_by: z.string(),
  reason: z.string(),
}).meta({ id: 'System' })

/** Answer of `GET /v1/systems`. */
export const SystemsAnswer = z.object({ systems: z.array(System) })

/** Values of environment variables; a name of `env` without a value keeps the one that is sealed already. */
const Secrets = z.record(Variable, z.string().max(65_536)).default({})

const NAMED = {
  path: ['secrets'],
  message: 'has a value for a variable that transport.env does not name',
}

/** True when every secret belongs to a variable that the transport names. */
function named(of: { transport: { env: string[] }; secrets: Record<string, string> }): boolean {
  return Object.keys(of.secrets).every((name) => of.transport.env.includes(name))
}

/** Body of `POST /v1/systems/inspect`: starts the program, lists its tools, stores nothing. */
export const InspectRequest = z
  .strictObject({
    name: Name,
    transport: Transport,
    secrets: Secrets,
  })
  .refine(named, NAMED)

/** Answer of `POST /v1/systems/inspect`. */
export const InspectAnswer = z.object({
  definition: SystemDefinitionAnswer.omit({ digest: true }),
  /** Digest of everything but the effects: what `POST /v1/systems` has to name. */
  fingerprint: Digest,
  /** Fingerprint of what is pinned under this name now. */
  pinned: Digest.nullable(),
  changes: z.array(
    z.object({ action: z.string(), change: z.enum(['added', 'removed', 'changed']) }),
  ),
  warnings: z.array(z.string()),
})

/** Body of `POST /v1/systems`: pins what was inspected, if it still is the same. */
export const NewSystem = z
  .strictObject({
    name: Name,
    transport: Transport,
    secrets: Secrets,
    /** Effects by action; an action without an entry has none, which counts as every effect. */
    effects: z.record(z.string().max(256), z.array(EffectLabel).max(EFFECTS.length)),
    fingerprint: Digest,
    reason: Reason,
    max_processes: z.number().int().min(1).max(256).optional(),
    /** The one that it has already where it is left out, else `default`. */
    environment: Name.optional(),
  })
  .refine(named, NAMED)

export type Transport = z.infer<typeof Transport>
export type Action = z.infer<typeof Action>
export type System = z.infer<typeof System>
export type SystemsAnswer = z.infer<typeof SystemsAnswer>
export type InspectRequest = z.input<typeof InspectRequest>
export type InspectAnswer = z.infer<typeof InspectAnswer>
export type NewSystem = z.input<typeof NewSystem>
