// Holds how a draft becomes a record, and how a record is read back: strictly, so that the log holds nothing else.

import { isAscii } from 'node:buffer'

import type { Clock } from '../std/clock.ts'
import { rfc3339 } from '../std/clock.ts'
import { base64url, fromBase64url, utf8 } from '../std/bytes.ts'
import type { Entropy } from '../std/entropy.ts'
import { isUuid, uuidv7 } from '../std/id.ts'
import {
  canonicalJson,
  isObject,
  JsonNumber,
  parseJson,
  type Json,
  type JsonLimits,
  type JsonObject,
} from '../std/json.ts'
import {
  RECORD_VERSION,
  RECORD_VERSIONS,
  type AuditRecord,
  type RecordDraft,
  type RecordPhase,
} from '../wire/record.ts'
import { fault } from './faults.ts'
import { PAYLOAD_MAX } from './frame.ts'

/** How a record is read: an entry of the log, of any keys that differ. */
const RECORD_LIMITS: JsonLimits = {
  bytes: PAYLOAD_MAX,
  depth: 64,
  values: PAYLOAD_MAX,
  keys: 'exact',
}

const NONCE_BYTES = 16
const OPTIONAL_TEXTS = ['ref', 'call', 'person', 'agent', 'instance', 'system', 'action'] as const
/** Texts of the envelope since version 2. */
const SINCE_2 = ['task', 'trace'] as const
const PHASES: readonly string[] = [
  'intent',
  'outcome',
  'decision',
  'admin',
  'lifecycle',
] satisfies RecordPhase[]
const KEYS: ReadonlySet<string> = new Set<string>([
  ...OPTIONAL_TEXTS,
  'v',
  'id',
  'nonce',
  'type',
  'phase',
  'ts',
  'gateway',
  'boot',
  'iseq',
  'body',
])
const KEYS_2: ReadonlySet<string> = new Set<string>([...KEYS, ...SINCE_2])

/** A record with its text. */
export interface SealedRecord {
  readonly record: AuditRecord
  /** Canonical JSON: the entry, as it will stand in the log. */
  readonly text: string
  /** Bytes of `text` in UTF-8. */
  readonly bytes: number
}

/** Puts drafts into the envelope of one boot of one gateway. */
export class Envelope {
  readonly gateway: string
  readonly boot: string
  readonly #clock: Clock
  readonly #entropy: Entropy
  #iseq = 0

  constructor(gateway: string, boot: string, clock: Clock, entropy: Entropy) {
    this.gateway = gateway
    this.boot = boot
    this.#clock = clock
    this.#entropy = entropy
  }

  /** The newest record's place in this boot; 0 before the first. */
  get iseq(): number {
    return this.#iseq
  }

  /** Seals a draft. A refused draft uses up no place: throws `audit.too_large`, `audit.unreadable`. */
  seal(draft: RecordDraft): SealedRecord {
    const record: AuditRecord = {
      ...draft,
      v: RECORD_VERSION,
      id: uuidv7(this.#clock, this.#entropy),
      nonce: base64url(this.#entropy.bytes(NONCE_BYTES)),
      ts: rfc3339(this.#clock.now()),
      gateway: this.gateway,
      boot: this.boot,
      iseq: this.#iseq + 1,
    }
    const text = recordText(record)
    const bytes = Buffer.byteLength(text)
    if (bytes > PAYLOAD_MAX) {
      throw fault(
        'audit.too_large',
        `the record has ${bytes} bytes, at most ${PAYLOAD_MAX} are kept`,
      )
    }
    if (isDoubtful(record, text) || nests(draft.body, RECORD_LIMITS.depth - 2)) {
      readRecord(utf8(text))
    }
    this.#iseq += 1
    return { record, text, bytes }
  }
}

/** Reads an entry of the log. Throws `audit.unreadable` unless it is exactly what `Envelope.seal` would have written. */
export function readRecord(entry: Uint8Array): AuditRecord {
  let json
  try {
    json = parseJson(entry, RECORD_LIMITS)
  } catch (cause) {
    throw fault('audit.unreadable', 'the record is not JSON that can be read back', cause)
  }
  if (!isObject(json)) throw fault('audit.unreadable', 'the record is not an object')
  const problem = problemOf(json)
  if (problem !== undefined) throw fault('audit.unreadable', `the record's ${problem}`)
  if (!Buffer.from(canonicalJson(json)).equals(entry)) {
    throw fault('audit.unreadable', 'the record is not in canonical form')
  }
  return json as unknown as AuditRecord
}

/** Nesting that a skimmed record may have; what nests deeper is read strictly. */
const SKIM_DEPTH = 32

/**
 * Reads an entry for whoever goes through a whole log: the verdict of `readRecord` in a quarter of its time. The platform's reader reads it; where
 * writing that again gives the same text, and its keys are in order, it is canonical, and has no key twice. Anything else, and whatever is not
 * plain ASCII, `readRecord` decides. Unlike its records, these have prototypes: look up no name in them that is not your own.
 */
export function skimRecord(entry: Uint8Array): AuditRecord {
  const json = isAscii(entry) ? canonicalTree(entry) : undefined
  if (json === undefined || problemOf(json) !== undefined) return readRecord(entry)
  return json as unknown as AuditRecord
}

function canonicalTree(entry: Uint8Array): JsonObject | undefined {
  const text = Buffer.from(entry.buffer, entry.byteOffset, entry.byteLength).toString('latin1')
  if (entry.byteLength > PAYLOAD_MAX || text.includes('\\ud') || text.includes('__proto__')) {
    return undefined
  }
  try {
    const json = JSON.parse(text) as Json
    return isObject(json) && isInOrder(json, SKIM_DEPTH) && JSON.stringify(json) === text
      ? json
      : undefined
  } catch {
    // No JSON at all: the strict reader says where.
    return undefined
  }
}

/** Whether all keys stand in the order of their UTF-16 code units, no deeper than `depth`. */
function isInOrder(value: Json, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (depth === 0) return false
  if (Array.isArray(value)) return value.every((one) => isInOrder(one, depth - 1))
  let before = ''
  for (const [key, one] of Object.entries(value as JsonObject)) {
    if (key < before || !isInOrder(one, depth - 1)) return false
    before = key
  }
  return true
}

function recordText(record: AuditRecord): string {
  // Named in canonical order, because what is in order is written fastest; what is absent is left out.
  const ordered: { readonly [Key in keyof AuditRecord]: AuditRecord[Key] | undefined } = {
    action: record.action,
    agent: record.agent,
    body: record.body,
    boot: record.boot,
    call: record.call,
    gateway: record.gateway,
    id: record.id,
    instance: record.instance,
    iseq: record.iseq,
    nonce: record.nonce,
    person: record.person,
    phase: record.phase,
    ref: record.ref,
    system: record.system,
    task: record.task,
    trace: record.trace,
    ts: record.ts,
    type: record.type,
    v: record.v,
  }
  try {
    return canonicalJson(ordered as unknown as JsonObject)
  } catch (cause) {
    throw fault('audit.unreadable', 'the record holds what JSON cannot say', cause)
  }
}

/**
 * Whether reading the text back could fail: a lone surrogate, a forbidden key or a record without a type; `nests` says the
 * rest. Only then is the strict reader worth its time on the way of a call.
 */
function isDoubtful({ type }: AuditRecord, text: string): boolean {
  return type === '' || text.includes('\\ud') || text.includes('__proto__')
}

/** Whether a tree nests deeper than `depth`. Without a list of each object's values: every record is asked. */
function nests(value: Json | undefined, depth: number): boolean {
  if (typeof value !== 'object' || value === null || value instanceof JsonNumber) return false
  if (depth === 0) return true
  if (Array.isArray(value)) return value.some((entry) => nests(entry, depth - 1))
  for (const key in value) if (nests(value[key], depth - 1)) return true
  return false
}

function problemOf(json: JsonObject): string | undefined {
  const { v, id, nonce, type, phase, ts, gateway, boot, iseq, body } = json
  if (!(RECORD_VERSIONS as readonly unknown[]).includes(v)) return 'version is unknown'
  const keys = v === 1 ? KEYS : KEYS_2
  const stray = Object.keys(json).find((key) => !keys.has(key))
  if (stray !== undefined) return `keys are not those of version ${v === 1 ? 1 : 2}`
  if (typeof id !== 'string' || !isUuid(id)) return 'id is not a UUID'
  if (typeof nonce !== 'string' || fromBase64url(nonce)?.length !== NONCE_BYTES) {
    return 'nonce is not 16 bytes'
  }
  if (typeof type !== 'string' || type === '') return 'type is missing'
  if (typeof phase !== 'string' || !PHASES.includes(phase)) return 'phase is unknown'
  if (typeof ts !== 'string' || !isTime(ts)) return 'time is not RFC 3339 with milliseconds'
  if (typeof gateway !== 'string' || gateway === '') return 'gateway is missing'
  if (typeof boot !== 'string' || !isUuid(boot)) return 'boot is not a UUID'
  if (typeof iseq !== 'number' || !Number.isSafeInteger(iseq) || iseq < 1)
    return 'iseq is not from 1'
  if (!isObject(body)) return 'body is not an object'
  const texts = [...OPTIONAL_TEXTS, ...SINCE_2]
  const odd = texts.find((key) => json[key] !== undefined && typeof json[key] !== 'string')
  return odd === undefined ? undefined : `${odd} is not text`
}

function isTime(text: string): boolean {
  const ms = Date.parse(text)
  return !Number.isNaN(ms) && rfc3339(ms) === text
}
