// Holds the record: one entry of the audit log, as canonical JSON in a leaf.

import type { JsonObject } from '../std/json.ts'

/**
 * Version of the record schema that is written. History: 1 first schema; 2 `task` and `trace` stand in the envelope, and calls say what
 * triggered them, by which span, how long each part took, and what came back.
 */
export const RECORD_VERSION = 2

/** Versions that are read back: what an older gateway wrote stays in the log. */
export const RECORD_VERSIONS = [1, 2] as const

/** Where a record stands in its story. */
export type RecordPhase = 'intent' | 'outcome' | 'decision' | 'admin' | 'lifecycle'

/** What a caller hands to the audit sink; the sink adds the envelope. */
export interface RecordDraft {
  /** Dotted noun and verb, e.g. `call.intent`, `lock.added`, `instance.enrolled`. */
  readonly type: string
  readonly phase: RecordPhase
  /** Leaf hash (base64url) of the record that this one answers: the intent of an outcome. */
  readonly ref?: string
  /** The governed call that this record belongs to. */
  readonly call?: string
  /** Person id of who did it, for administrative records and for calls made on somebody's behalf. */
  readonly person?: string
  readonly agent?: string
  readonly instance?: string
  readonly system?: string
  readonly action?: string
  /** Id of the task that it was done for (since version 2; before, calls had it in their body). */
  readonly task?: string
  /** Id of the trace that it belongs to (W3C Trace Context, 32 lower-case hexadecimal digits; since version 2). */
  readonly trace?: string
  /** Everything else: no payload, no secret, no personal data beyond person ids. */
  readonly body: JsonObject
}

/** A whole record, as it stands in the log. Keys are written in canonical order (RFC 8785). */
export interface AuditRecord extends RecordDraft {
  readonly v: (typeof RECORD_VERSIONS)[number]
  /** UUIDv7. */
  readonly id: string
  /** 128 random bits, base64url: makes leaf hashes unguessable. */
  readonly nonce: string
  /** RFC 3339, UTC, milliseconds. */
  readonly ts: string
  /** The gateway process that wrote it: its name, its start, and the record's place since then, from 1, without gaps. */
  readonly gateway: string
  readonly boot: string
  readonly iseq: number
}

/** What an acknowledged record gives back: proof that it is durable, and where it will be found. */
export interface Receipt {
  readonly id: string
  /** Leaf hash, SHA-256(0x00 || entry), base64url. */
  readonly leaf: string
  readonly ts: string
}

/**
 * Where records go. `append` resolves once the record is durable (INV-1); it rejects with an `audit.*` Fault. Where nothing is
 * going to wait for that, `awaited` is false: the record then goes to the disk with the next one, or in a few milliseconds.
 */
export interface AuditSink {
  append(draft: RecordDraft, awaited?: boolean): Promise<Receipt>
}
