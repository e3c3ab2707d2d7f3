// Holds what the control API tells of a call, of a trace and of a stretch of time, read out of the record. History: v1.

import { z } from 'zod'
import { AuditCall, AuditEntry, RecordIndex } from './audit.ts'
import { Id, Moment, Name, Time } from './text.ts'

/** Somebody as an id, with the name that the registry knows. */
const Somebody = z.object({ id: z.string(), name: z.string().nullable() })

const Text = z.string().nullable()
const Count = z.number().int().nullable()

/** What set a call off, and how that is known. Every member but `by` and `how` is there where it applies. */
const StoryTrigger = z.looseObject({
  by: z.string(),
  /** `attested`: signed by a key that we hold; `observed`: seen by us; `claimed`: the client's word. */
  how: z.string(),
})

/** What a party answered, and by which policies. */
const StoryParty = z.object({
  party: z.string(),
  principal: z.string(),
  answer: z.string(),
  policies: z.array(z.string()),
  errors: z.array(z.string()),
  reason: z.string(),
})

const StoryWho = z.object({
  agent: Text,
  instance: Text,
  spiffe_id: Text,
  /** On whose behalf. */
  person: Somebody.nullable(),
  /** Who passed authority on, the highest first; the one that called is not among them. */
  chain: z.array(z.object({ agent: z.string(), instance: z.string(), delegation: z.string() })),
  credential: z.object({ kind: Text, id: Text, binding: Text }).nullable(),
  protocol: Text,
  session: Text,
  /** The client's own word of itself. */
  claimed: z.object({ client: Text, model: Text, request: Text }),
  /** The model where it was attested. */
  model: Text,
  district: z.boolean(),
})

const StoryApproval = z.object({
  id: z.string(),
  requested_at: Time,
  gates: z.array(z.string()),
  /** Everybody who said something, in order. */
  said: z.array(z.object({ what: z.string(), person: Somebody.nullable(), at: Time })),
  consumed_at: Time.nullable(),
})

/** One call as one story. What its records do not say is null. */
export const CallStory = z.object({
  who: StoryWho,
  triggers: z.array(StoryTrigger),
  authority: z.object({
    task: z.string().nullable(),
    delegation: Text,
    policy_set: Text,
    parties: z.array(StoryParty),
    approval: Text,
    set_aside: z.array(z.string()),
  }),
  decision: z.object({
    answer: Text,
    code: Text,
    reason: Text,
    because: Text,
    observed: z.boolean(),
    /** True where it was decided once more before it went out, because something had changed. */
    again: z.boolean(),
  }),
  approval: StoryApproval.nullable(),
  sent: z
    .object({
      at: Time,
      definition: Text,
      effects: z.array(z.string()),
      /** Commitment to the arguments, and their bytes. */
      arguments: Text,
      bytes: Count,
      upstream: z.object({ kind: z.string(), transport: z.string(), address: Text }).nullable(),
      credentials: z.array(z.string()),
      trace: Text,
      span: Text,
      /** The span that it came in, as its caller said. */
      parent_span: Text,
    })
    .nullable(),
  came_back: z
    .object({
      at: Time,
      status: z.string(),
      executed: Text,
      code: Text,
      reason: Text,
      /** Commitment to what the agent was given, and its bytes. */
      result: Text,
      bytes: Count,
      labels: z.array(z.string()),
      /** What inspection took out, by kind and count. */
      inspected: z.record(z.string(), z.number()),
    })
    .nullable(),
  /** Microseconds of each part, and of all of it. */
  timings: z.record(z.string(), z.number()),
  followed: z.object({
    items: z.array(
      z.object({
        kind: z.enum(['call', 'finding', 'lock', 'asked']),
        id: z.string(),
        at: Time,
        /** Why it stands here: how it is known that this call led to it, or that it is about the same instance. */
        why: z.string(),
        what: z.string(),
      }),
    ),
    /** False where there is more in the log than was looked at. */
    complete: z.boolean(),
  }),
  /** Where each record stands; `published`: a checkpoint covers it, so that a proof can be had. */
  proof: z.array(
    z.object({
      type: z.string(),
      index: z.number().int(),
      leaf: z.string(),
      shard: z.string(),
      leaf_index: z.number().int(),
      published: z.boolean(),
    }),
  ),
})
export type CallStory = z.infer<typeof CallStory>

/** Answer of `GET /v1/audit/calls/{id}`: the call with its records, and what they tell together. */
export const AuditCallStory = AuditCall.extend({ story: CallStory })
export type AuditCallStory = z.infer<typeof AuditCallStory>

/** A node of a trace: above it, whatever it hangs on. */
export const TraceNode = z.object({
  kind: z.enum(['task', 'trace', 'instance', 'call']),
  id: z.string(),
  /** Id of the node above; null for the root. */
  parent: z.string().nullable(),
  at: Time.nullable(),
  /** The person of a task, or the agent of an instance or a call. */
  who: Text,
  /** `<system>/<action>` of a call, the state of a task. */
  what: Text,
  answer: Text,
  status: Text,
  duration_ms: Count,
  /** The surest of what set it off, e.g. `tool observed`. */
  trigger: Text,
  /** True where it belongs here by the word of its caller alone: the trace that it named. */
  claimed: z.boolean(),
})
export type TraceNode = z.infer<typeof TraceNode>

/** Id of a task or a call (UUID), or of a trace (32 hexadecimal digits). */
export const TraceSubject = z
  .string()
  .regex(/^(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/, 'is no id')

/** Query of `GET /v1/audit/traces/{id}`. */
export const TraceQuery = z.strictObject({
  /** Where to begin to look for a trace, whose id names no time; absent: a day ago. */
  from: Moment.optional(),
})

/** Answer of `GET /v1/audit/traces/{id}`: the nodes, each after the one that it hangs on. */
export const AuditTrace = z.object({
  subject: z.object({ kind: z.enum(['task', 'trace', 'call']), id: z.string() }),
  nodes: z.array(TraceNode),
  /** False where there is more in the log than was looked at. */
  complete: z.boolean(),
})
export type AuditTrace = z.infer<typeof AuditTrace>

/** Query of `GET /v1/audit/replay`. */
export const ReplayQuery = z.strictObject({
  from: Moment,
  to: Moment,
  agent: Name.optional(),
  task: Id.optional(),
  limit: z.coerce.number().int().min(1).max(500).default(200),
  /** `next` of the page before. */
  cursor: RecordIndex.optional(),
})

/** A stretch of time of which a gateway has no records, and why. */
export const ReplayGap = z.object({
  gateway: z.string(),
  from: Time,
  to: Time,
  /** `stopped` in order, `ended` without a word, `silent`, or `missing`: records that are not there. */
  why: z.enum(['stopped', 'ended', 'silent', 'missing']),
  /** Records that are missing. */
  count: z.number().int().optional(),
})
export type ReplayGap = z.infer<typeof ReplayGap>

/** Answer of `GET /v1/audit/replay`: in the order of the log. */
export const AuditReplay = z.object({
  lines: z.array(
    z.union([
      z.object({ kind: z.literal('record'), entry: AuditEntry }),
      z.object({ kind: z.literal('gap'), gap: ReplayGap }),
    ]),
  ),
  next: z.string().nullable(),
})
export type AuditReplay = z.infer<typeof AuditReplay>
