// Holds systems as the control API inspects, pins, labels and shows them. History: v1 stdio transports, v2 described systems, facts, v3 MCP servers and APIs on the network, terms of sandboxes, v4 quarantines, signs, prompts, identity.

import { z } from 'zod'
import { EFFECTS } from '../effect.ts'
import { PASSING_CHANGES } from '../system.ts'
import { PolicyProblem } from './problem.ts'
import { Digest, Name, Reason, Time } from './text.ts'
import { UpstreamAuth } from './upstream-auth.ts'

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

/** What its sandbox lets a program have. */
const SandboxTerms = z.strictObject({
  /** True: it runs without one. */
  off: z.boolean().optional(),
  /** Absolute folders that it may read. */
  read: z.array(Word.min(1)).max(64).optional(),
  /** Absolute folders that it may write. */
  write: z.array(Word.min(1)).max(64).optional(),
  /** Hosts that it may connect to, `name` or `name:port`; left out: no network at all. */
  network: z.array(z.string().min(1).max(260)).max(64).optional(),
})

/** A local program that speaks MCP on its standard streams. */
export const Transport = z.strictObject({
  kind: z.literal('stdio'),
  /** Absolute path, or a name looked up on PATH when the system is added. */
  command: Word.min(1),
  args: z.array(Word).max(256).default([]),
  cwd: Word.min(1).optional(),
  /** Names of the environment variables whose values are sealed. */
  env: z.array(Variable).max(64).default([]),
  sandbox: SandboxTerms.optional(),
})

const Url = z.url({ protocol: /^https?$/ }).max(2_048)

/** Exceptions to where a system on the network may be. */
const Reach = z.strictObject({
  private: z.boolean().optional(),
  clearText: z.boolean().optional(),
})

/** An MCP server that is reached by Streamable HTTP. */
const McpTransport = z.strictObject({
  kind: z.literal('mcp'),
  url: Url,
  auth: UpstreamAuth.default({ kind: 'none' }),
  reach: Reach.default({}),
})

/** An HTTP API, described by its OpenAPI document. */
const ApiCandidate = z.strictObject({
  kind: z.literal('api'),
  url: Url,
  auth: UpstreamAuth.default({ kind: 'none' }),
  reach: Reach.default({}),
})

const ExternalSource = z.enum(['openapi', 'tables', 'tools'])

/** A system that is described: the gateway has no way to it, and programs that enforce by themselves ask about its actions. */
const ExternalTransport = z.strictObject({
  kind: z.literal('external'),
  /** What its actions were read from. */
  source: ExternalSource,
  /** Digest of the document. */
  document: Digest,
})

/** How a system is reached. */
const AnyTransport = z.discriminatedUnion('kind', [
  Transport,
  McpTransport,
  ApiCandidate.extend({ document: Digest }),
  ExternalTransport,
  z.strictObject({ kind: z.literal('web') }),
])

const Pointer = z.string().max(512)

/** What people say of an action beyond its definition. */
const Facts = {
  /** Data labels of what it returns. */
  labels: z.array(z.string().max(64)).max(64).optional(),
  /** What of its arguments is counted: JSON pointers. */
  measures: z
    .strictObject({
      /** An integer in the minor unit of a currency. */
      money: Pointer.optional(),
      /** Texts, or lists of texts, that name who receives something. */
      recipients: z.array(Pointer).max(64).optional(),
    })
    .optional(),
  /** What it sets off: `system/action`. */
  triggers: z.array(z.string().max(256)).max(64).optional(),
}

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
    ...Facts,
    digest: Digest,
  })
  .meta({ id: 'Action' })

/** What a server is known by, beyond what it says of itself. */
const ServerIdentity = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('program'),
    files: z.array(z.object({ path: z.string(), digest: Digest })),
  }),
  z.object({
    kind: z.literal('certificate'),
    host: z.string(),
    /** Digests of the public keys of its chain, its own first. */
    chain: z.array(Digest),
  }),
])

const Prompt = z.object({
  name: z.string(),
  title: z.string().optional(),
  description: z.string().optional(),
  arguments: z.array(
    z.object({
      name: z.string(),
      title: z.string().optional(),
      description: z.string().optional(),
      required: z.boolean().optional(),
    }),
  ),
  digest: Digest,
})

const ResourceTemplate = z.object({
  name: z.string(),
  uri_template: z.string(),
  title: z.string().optional(),
  description: z.string().optional(),
  mime_type: z.string().optional(),
  digest: Digest,
})

/** Differences that pass without a person. */
export const Passing = z.array(z.enum(PASSING_CHANGES)).max(PASSING_CHANGES.length)

/** Something that should be looked at twice, and where it stands. */
const Sign = z
  .object({
    code: z.string(),
    place: z.string(),
    message: z.string(),
    /** With what is hidden made visible. */
    excerpt: z.string(),
  })
  .meta({ id: 'Sign' })

/** What a system said of itself. */
const SystemDefinitionAnswer = z.object({
  name: Name,
  transport: AnyTransport,
  /** The revision of MCP; absent where it speaks none. */
  era: z.enum(['2025-11-25', '2026-07-28']).optional(),
  server: z.object({ name: z.string(), version: z.string(), title: z.string().optional() }),
  instructions: z.string().optional(),
  /** Tools, and methods of the protocol by their own names (`resources/read`). */
  actions: z.array(Action),
  /** What the server said it can; absent where it speaks no MCP. */
  capabilities: JsonObjectShape.optional(),
  prompts: z.array(Prompt).optional(),
  templates: z.array(ResourceTemplate).optional(),
  /** Absent where nobody vouches for it. */
  identity: ServerIdentity.optional(),
  passing: Passing.optional(),
  max_processes: z.number().int(),
  digest: Digest,
})

/** A registered system. */
export const System = SystemDefinitionAnswer.extend({
  /** Agents of another environment reach it only where policy says so. */
  environment: Name,
  /** Digest of everything that it shows, and of nothing that people say of it. */
  fingerprint: Digest,
  pinned_at: Time,
  /** Name of the person who pinned it. */
  pinned_by: z.string(),
  reason: z.string(),
  /** Policies that do not hold with what it is now: every call of it is denied until they are mended. Empty: it is not isolated. */
  isolated: z.array(PolicyProblem),
  /** What of it waits for a person; null: nothing does. */
  quarantine: z
    .object({
      fingerprint: Digest,
      since: Time,
      /** Nothing of it goes on. */
      whole: z.boolean(),
      /** Actions and prompts that do not go on. */
      actions: z.array(z.string()),
      prompts: z.array(z.string()),
    })
    .nullable(),
}).meta({ id: 'System' })

/** Answer of `GET /v1/systems`. */
export const SystemsAnswer = z.object({ systems: z.array(System) })

/** Values of environment variables and credentials; a name of the transport without a value keeps the one that is sealed already. */
const Secrets = z.record(Variable, z.string().max(65_536)).default({})

const NAMED = {
  path: ['secrets'],
  message: 'has a value for a name that the transport does not have',
}

/** A candidate: a program, a server on the network, or what a document describes. */
export const CandidateTransport = z.discriminatedUnion('kind', [
  Transport,
  McpTransport,
  ApiCandidate,
  z.strictObject({ kind: z.literal('external'), source: ExternalSource }),
])

/** The JSON text of the document that describes an API or an external system. */
const DocumentText = z.string().max(16_777_216).optional()

interface Candidate {
  readonly transport: z.output<typeof CandidateTransport>
  readonly secrets: Readonly<Record<string, string>>
  readonly document?: string | undefined
}

/** True when every secret belongs to a variable, or a credential, that the transport names. */
function named({ transport, secrets }: Candidate): boolean {
  const names = transport.kind === 'stdio' ? transport.env : authNames(transport)
  return Object.keys(secrets).every((name) => names.includes(name))
}

function authNames(transport: Candidate['transport']): readonly unknown[] {
  if (!('auth' in transport)) return []
  const { auth } = transport
  if (auth.kind === 'sigv4') return [auth.accessKey, auth.secret, auth.sessionToken]
  if (auth.kind === 'header') return [auth, ...(auth.more ?? [])].map(({ secret }) => secret)
  return 'secret' in auth ? [auth.secret] : []
}

const DESCRIBED = {
  path: ['document'],
  message: 'is what an API or an external system needs, and no other has',
}

/** True when exactly the systems that are described come with their description. */
function described({ transport, document }: Candidate): boolean {
  const needed = transport.kind === 'external' || transport.kind === 'api'
  return needed === (document !== undefined)
}

/** Effects by action. */
export const EffectsByAction = z.record(
  z.string().max(256),
  z.array(EffectLabel).max(EFFECTS.length),
)

/** Body of `POST /v1/systems/inspect`: starts the program, lists its tools, stores nothing. */
export const InspectRequest = z
  .strictObject({
    name: Name,
    transport: CandidateTransport,
    secrets: Secrets,
    document: DocumentText,
  })
  .refine(named, NAMED)
  .refine(described, DESCRIBED)

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
  signs: z.array(Sign),
  /** Policies in force that would not hold with it: it would be isolated until they are mended. */
  breaks: z.array(PolicyProblem),
})

/** Body of `POST /v1/systems`: pins what was inspected, if it still is the same. */
export const NewSystem = z
  .strictObject({
    name: Name,
    transport: CandidateTransport,
    secrets: Secrets,
    document: DocumentText,
    /** Effects by action; an action without an entry has none, which counts as every effect. */
    effects: EffectsByAction,
    /** What else is said of actions; what is left out stays as it is pinned. */
    facts: z.record(z.string().max(256), z.strictObject(Facts)).default({}),
    fingerprint: Digest,
    reason: Reason,
    max_processes: z.number().int().min(1).max(256).optional(),
    /** The one that it has already where it is left out, else `default`. */
    environment: Name.optional(),
    /** Differences that pass from now on; left out: as it is. */
    passing: Passing.optional(),
  })
  .refine(named, NAMED)
  .refine(described, DESCRIBED)

const SaidOfActions = z.record(
  z.string().max(256),
  z.strictObject({ effects: z.array(EffectLabel).max(EFFECTS.length).optional(), ...Facts }),
)

/** Body of `POST /v1/systems/{name}/labels`: changes what is said of actions; what is left out stays. */
export const LabelSystem = z.strictObject({
  facts: SaidOfActions,
  /** Differences that pass from now on. */
  passing: Passing.optional(),
  reason: Reason,
})

/** One thing that a system shows otherwise than it was pinned. */
const Difference = z
  .object({
    part: z.enum([
      'server',
      'identity',
      'instructions',
      'capabilities',
      'tool',
      'method',
      'prompt',
      'template',
    ]),
    /** Of a tool, a method, a prompt or a template. */
    name: z.string().nullable(),
    change: z.enum(['added', 'removed', 'changed']),
    /** What was and what is; null: not there. */
    fields: z.array(
      z.object({ field: z.string(), before: z.string().nullable(), now: z.string().nullable() }),
    ),
  })
  .meta({ id: 'Difference' })

/** Answer of `GET /v1/systems/{name}/quarantine`. */
export const QuarantineAnswer = z
  .object({
    system: Name,
    /** What an approval or a rejection has to name; null: nothing waits. */
    fingerprint: Digest.nullable(),
    since: Time.nullable(),
    whole: z.boolean(),
    actions: z.array(z.string()),
    prompts: z.array(z.string()),
    differences: z.array(Difference),
    signs: z.array(Sign),
    /** Policies in force that would not hold with it: it would be isolated until they are mended. */
    breaks: z.array(PolicyProblem),
  })
  .meta({ id: 'Quarantine' })

/** Body of `POST /v1/systems/{name}/approve`: pins what waits, if it is what was shown. */
export const ApproveSystem = z.strictObject({
  fingerprint: Digest,
  /** What is said of actions; what is left out stays, and what is new has no effects confirmed. */
  facts: SaidOfActions.default({}),
  reason: Reason,
})

/** Body of `POST /v1/systems/{name}/reject`: what was pinned stays. */
export const RejectSystem = z.strictObject({ fingerprint: Digest, reason: Reason })

/** One thing that an action was seen to set off. */
const LearnedTrigger = z.object({
  from: z.string(),
  to: z.string(),
  count: z.number().int(),
  first_seen: Time,
  last_seen: Time,
  expires_at: Time,
  /** A person said that it is none, and why. */
  dismissed: z.string().nullable(),
})

/** Answer of `GET /v1/triggers`: what was learned from trace context. */
export const TriggersAnswer = z.object({ triggers: z.array(LearnedTrigger) })

/** Body of `POST /v1/triggers/dismiss`. */
export const DismissTrigger = z.strictObject({
  from: z.string().max(256),
  to: z.string().max(256),
  reason: Reason,
})

export type Transport = z.infer<typeof Transport>
export type LabelSystem = z.input<typeof LabelSystem>
export type QuarantineAnswer = z.infer<typeof QuarantineAnswer>
export type Sign = z.infer<typeof Sign>
export type TriggersAnswer = z.infer<typeof TriggersAnswer>
export type Action = z.infer<typeof Action>
export type System = z.infer<typeof System>
export type SystemsAnswer = z.infer<typeof SystemsAnswer>
export type InspectRequest = z.input<typeof InspectRequest>
export type InspectAnswer = z.infer<typeof InspectAnswer>
export type NewSystem = z.input<typeof NewSystem>
