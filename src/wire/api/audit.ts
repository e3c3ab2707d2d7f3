// Holds what the control API shows of the audit log. History: v1.

import { z } from 'zod'
import { Name, Time } from './text.ts'

/** A record as it stands in the log; members that a newer server adds are left alone. */
const AuditRecordAnswer = z.looseObject({
  v: z.number().int().min(1),
  id: z.string(),
  type: z.string(),
  phase: z.enum(['intent', 'outcome', 'decision', 'admin', 'lifecycle']),
  ts: Time,
  ref: z.string().optional(),
  call: z.string().optional(),
  person: z.string().optional(),
  agent: z.string().optional(),
  instance: z.string().optional(),
  system: z.string().optional(),
  action: z.string().optional(),
  task: z.string().optional(),
  trace: z.string().optional(),
  body: z.record(z.string(), z.unknown()),
})

/** A record with its place in the log. */
export const AuditEntry = z
  .object({
    /** Null while it is durable and not yet sequenced. */
    index: z.number().int().nullable(),
    /** Leaf hash, base64url. */
    leaf: z.string(),
    record: AuditRecordAnswer,
    /** Name of the record's person, where the registry knows one. */
    person_name: z.string().optional(),
    /** Members of the body that stand beside the log, with what the leaf has in their place; `erased`: nobody can say any more. */
    confided: z
      .record(z.string(), z.object({ commitment: z.string(), erased: z.literal(true).optional() }))
      .optional(),
  })
  .meta({ id: 'AuditEntry' })

/** Answer of `GET /v1/audit/keys`: verifier keys as lines (C2SP signed-note), whom to believe being the reader's own choice. */
export const AuditKeys = z.object({
  /** The log's own first, which vouches for its half-years, then one for each of those. */
  log: z.array(z.string()),
  /** Of the home's witness policy. */
  witnesses: z.array(z.string()),
})

/** Place of a record in the log, from 0. */
export const RecordIndex = z.string().regex(/^(?:0|[1-9][0-9]{0,15})$/, 'is not an index')

/** Query of `GET /v1/audit/records`. */
export const AuditQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(50),
  /** `next` of the page before. */
  before: RecordIndex.optional(),
  type: z.string().max(64).optional(),
  agent: Name.optional(),
  system: Name.optional(),
  call: z.string().max(64).optional(),
})

/** Answer of `GET /v1/audit/records`, newest first. */
export const AuditPage = z.object({ records: z.array(AuditEntry), next: z.string().nullable() })

/** Query of `GET /v1/audit/search`. */
export const AuditSearchQuery = z.strictObject({
  /** The query language of docs/operate/search.md. */
  q: z.string().max(1_000).default(''),
  limit: z.coerce.number().int().min(1).max(500).default(50),
  order: z.enum(['newest', 'oldest']).default('newest'),
  /** `next` of the page before. */
  cursor: z.string().max(128).optional(),
})

/** Answer of `GET /v1/audit/search`. */
export const AuditFound = z.object({
  records: z.array(AuditEntry),
  next: z.string().nullable(),
  /** True where looking was ended before the page was full: `next` goes on. */
  partial: z.boolean(),
  /** Records that were searched: all that were in the log when it was asked, unless the index is behind. */
  searched: z.number().int(),
})

/** Query of `GET /v1/audit/tail`. */
export const AuditTailQuery = AuditQuery.pick({ type: true, agent: true, system: true }).extend({
  /** The query language of docs/operate/search.md, for the records to come. */
  q: z.string().max(1_000).optional(),
  /** Index of the last record that was seen: everything after it comes, whenever it was. `Last-Event-ID` says the same. */
  after: RecordIndex.optional(),
})

/** Answer of `GET /v1/audit/calls/{id}`: one governed call, oldest record first. */
export const AuditCall = z.object({
  call: z.string(),
  records: z.array(AuditEntry),
  summary: z.object({
    agent: z.string().nullable(),
    /** Name of the person on whose behalf, or the id where no name is known. */
    person: z.string().nullable(),
    system: z.string().nullable(),
    action: z.string().nullable(),
    /** What was decided: allow, deny or hold. */
    answer: z.string().nullable(),
    /** How it ended, as its outcome record says; null while there is none. */
    status: z.string().nullable(),
    started_at: Time,
    ended_at: Time.nullable(),
  }),
})

/** Answer of `POST /v1/audit/flush`: everything acknowledged before is in the log of this size. */
export const AuditFlushed = z.object({
  origin: z.string(),
  size: z.number().int(),
  /** Root hash, base64. */
  root: z.string(),
  /** The signed checkpoint (C2SP tlog-checkpoint). */
  checkpoint: z.string(),
})

export type AuditEntry = z.infer<typeof AuditEntry>
export type AuditPage = z.infer<typeof AuditPage>
export type AuditCall = z.infer<typeof AuditCall>
export type AuditFlushed = z.infer<typeof AuditFlushed>
export type AuditKeys = z.infer<typeof AuditKeys>
export type AuditFound = z.infer<typeof AuditFound>
