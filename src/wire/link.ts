// Holds what travels between control and a gateway of its own: what a gateway says is read strictly, what control says is taken at its word.

import { z } from 'zod'
import { faults, type FaultCatalogue } from '../std/fault.ts'
import { isObject, type Json, type JsonObject } from '../std/json.ts'
import type { Actor } from './actor.ts'
import type { LinkLock } from './lock.ts'
import type { Obligations } from './obligation.ts'
import type { Presented } from './presented.ts'
import type { Said } from './said.ts'
import type { SystemDefinition } from './system.ts'
import type { TraceContext } from './trace.ts'

/** Version of the link. Both ends are of one version, or the connection ends. History: 1. */
export const LINK_VERSION = 1

/** The protocol of the connection (ALPN, RFC 7301). */
export const LINK_PROTOCOL = 'bailiwick-link/1'

/** Codes of these parsers. */
export const LINK_WIRE_FAULTS = {
  'link.message': { status: 400, next: 'run control and gateways of versions that go together' },
} as const satisfies FaultCatalogue

const fault = faults(LINK_WIRE_FAULTS)

const Text = z.string().max(65_536)
const Short = z.string().max(256)
const Tree = z.custom<JsonObject>((value) => isObject(value as Json))
const Count = z.int().min(0)
const optional = <T extends z.ZodType>(of: T) => z.exactOptional(of)

/** What a request at a gateway presents: its own socket showed a certificate, its own look at a proof the key. Nobody is vouched for. */
const PresentedHere = z.strictObject({
  certificate: optional(z.string().regex(/^[0-9a-f]{64}$/)),
  token: optional(z.strictObject({ scheme: z.enum(['DPoP', 'Bearer']), text: Text })),
  jkt: optional(Short),
  task: optional(Short),
  resource: z.string().max(4_096),
  aliases: optional(z.array(z.string().max(4_096)).max(64)),
})

/** A call as a gateway asks for it; `n` is its number on this connection, used once. */
const CallHere = z.strictObject({
  n: Count,
  presented: PresentedHere,
  system: Text,
  action: Text,
  input: Tree,
  network: optional(z.strictObject({ listener: Short, address: Short })),
  trace: optional(
    z.strictObject({ trace: Short, span: Short, sampled: z.boolean(), own: optional(Short) }),
  ),
  protocol: optional(Short),
  session: optional(Short),
  said: optional(Tree),
  unbound: optional(Text),
})

const AccessHere = CallHere.extend({
  wanted: z.strictObject({
    count: z.int(),
    for_ms: z.number(),
    loosen: z.array(Text).max(64),
    why: Text,
    wait_ms: z.number(),
  }),
})

const Words = z.strictObject({ code: Short, detail: Text, next: Text })

/** How a gateway says that a call ended. */
const AnswerHere = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('answered'),
    status: z.enum(['ok', 'tool_error', 'upstream_error']),
    facts: Tree,
    /** What the agent was given, where it is one tree that is not too large to be sent. */
    result: optional(Tree),
    digest: optional(Short),
    labels: optional(z.array(Short).max(1_024)),
  }),
  /** It was looked at, and kept back. */
  z.strictObject({
    kind: z.literal('withheld'),
    denial: Words,
    facts: Tree,
    labels: optional(z.array(Short).max(1_024)),
  }),
  /** It went out and has no answer. */
  z.strictObject({
    kind: z.literal('unanswered'),
    fault: Words,
    facts: Tree,
    labels: optional(z.array(Short).max(1_024)),
  }),
  /** The gateway did not send it. */
  z.strictObject({ kind: z.literal('not_sent'), denial: Words }),
])

const HelloHere = z.strictObject({
  version: z.int(),
  release: Short,
  boot: Short,
  /** How long any call there goes on without control (ms). */
  lease_ms: Count.max(60_000),
  urls: z.array(z.url().max(512)).max(16),
})

const TurnedAwayHere = z.strictObject({
  presented: PresentedHere,
  system: Text,
  action: optional(Text),
  code: Short,
  detail: Text,
})

const QuestionHere = z.strictObject({
  presented: PresentedHere,
  system: Short,
  method: Text,
  params: Tree,
  problem: optional(Text),
  unrecorded: z.boolean(),
  last: z.boolean(),
})

const AnsweredHere = z.strictObject({
  presented: PresentedHere,
  system: Short,
  method: Text,
  status: Short,
})

const ConfirmHere = z.strictObject({ lock: Short, calls: Count, processes: Count, sig: Short })

const SignHere = z.strictObject({
  n: Count,
  method: Short,
  url: z.url(),
  headers: z.record(z.string(), z.string()),
  body: optional(z.base64()),
})

/** What a gateway says, by its parser. Each throws `link.message`. */
export const linkReader = {
  answer: reader(AnswerHere),
  answered: reader(AnsweredHere),
  call: reader(CallHere),
  confirm: reader(ConfirmHere),
  hello: reader(HelloHere),
  reached: reader(z.strictObject({ urls: HelloHere.shape.urls })),
  presented: reader(z.strictObject({ presented: PresentedHere })),
  question: reader(QuestionHere),
  access: reader(AccessHere),
  see: reader(z.strictObject({ presented: PresentedHere, systems: z.array(Short).max(10_000) })),
  sign: reader(SignHere),
  turnedAway: reader(TurnedAwayHere),
  number: reader(z.strictObject({ n: Count })),
  ending: reader(z.strictObject({ n: Count, code: Short, detail: Text })),
  ping: reader(z.strictObject({ nonce: Count })),
  renew: reader(z.strictObject({ csr: Text })),
  refused: reader(z.strictObject({ kind: Short })),
  arrived: reader(
    z.strictObject({
      trace: Short,
      span: Short,
      sampled: z.boolean(),
      own: optional(Short),
      system: Short,
      action: Text,
    }),
  ),
  given: reader(z.strictObject({ instance: Short, call: Short })),
  showed: reader(z.strictObject({ system: Short, digest: Short, described: Tree })),
  stranger: reader(z.strictObject({ system: Short, digest: Short, identity: Tree })),
  late: reader(z.strictObject({ call: Short, intent: Short, answer: AnswerHere })),
  place: reader(
    z.strictObject({ instance: Short, agent: Short, place: Short, credential: optional(Short) }),
  ),
}

function reader<T extends z.ZodType>(of: T): (value: JsonObject) => z.infer<T> {
  return (value) => {
    const read = of.safeParse(value)
    if (read.success) return read.data
    const at = read.error.issues[0]?.path.join('.') ?? ''
    throw fault('link.message', `a message of a gateway cannot be read at \`${at.slice(0, 64)}\``)
  }
}

/** A call that a gateway asks for, as read. */
export type LinkCall = z.infer<typeof CallHere> & {
  readonly presented: Presented
  readonly trace?: TraceContext
  readonly said?: Said
}
/** How a call ended at a gateway. */
export type LinkAnswer = z.infer<typeof AnswerHere>

/** What of its equipment travels: what signs does so at control. */
export interface LinkEquipment {
  readonly environment: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string>>
  readonly tls?: { readonly cert: string; readonly key: string }
  /** True where requests are signed one by one, which control is asked for. */
  readonly signs: boolean
  readonly secrets: readonly string[]
  readonly account: string
  readonly used: readonly string[]
}

/** Control to gateway: make ready for a call that is decided and recorded. */
export interface LinkReady {
  readonly n: number
  readonly call: string
  readonly intent: string
  readonly actor: Actor
  /** Digest of the system as it was decided on. */
  readonly system: string
  readonly obligations?: Obligations
  readonly reason: string
  readonly policy_set: string
  readonly equipment: LinkEquipment
  /** How long the grant is good once it is said to go (ms). */
}

/** Control to gateway: do it now. */
export interface LinkGo {
  readonly n: number
  readonly timeout_ms: number
  readonly traceparent: string
  readonly tracestate: string
  /** Where it is asked again because it took long: what both decisions ask of the answer. */
  readonly obligations?: Obligations
}

/** A system as a gateway knows it. */
export interface LinkSystem {
  readonly definition: SystemDefinition
  readonly environment: string
}

/** Control to gateway: what holds now. */
export interface LinkWelcome {
  readonly version: number
  /** Wall clock of control, ms since the epoch. */
  readonly wall: number
  readonly trust_domain: string
  readonly issuer: string
  /** Whether tokens that are bound to no key are taken. */
  readonly unbound: boolean
  /** Names under which it is reached besides those of its own machine. */
  readonly hosts: readonly string[]
  readonly control: string
  readonly bundle: string
  readonly locks: readonly LinkLock[]
  readonly systems: readonly LinkSystem[]
}
