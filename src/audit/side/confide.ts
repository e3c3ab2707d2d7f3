// Holds the confiding of words: a record keeps a salted commitment, and what was said goes to the side store before the record does.

import { createHash } from 'node:crypto'
import { base64url, fromBase64url, utf8 } from '../../std/bytes.ts'
import type { Clock } from '../../std/clock.ts'
import type { Entropy } from '../../std/entropy.ts'
import { canonicalJson, isObject, parseJson, type Json, type JsonObject } from '../../std/json.ts'
import type { Store } from '../../store/open.ts'
import { NO_END, type Payload } from '../../store/rows/payload.ts'
import { NOBODY } from '../../store/rows/subject.ts'
import type { Receipt, RecordDraft } from '../../wire/record.ts'
import { sideFault } from './faults.ts'
import { subjectOf, type Subjects } from './subjects.ts'
import { commitmentIn, confidedIn } from './words.ts'

const SALT = 32
/** Rows that may wait to be written; more is refused, as a full log is. */
const WAITING_MAX = 4_096
/** Rows of one transaction. */
const BATCH = 256
/** Commitments that are looked up at a time. */
const LOOKED_UP = 500
/**
 * A payload is written before the record that speaks of it, so it cannot name that record's leaf: its own id, which the record holds,
 * binds the two.
 */
const BEFORE: Receipt = { id: '', leaf: 'A'.repeat(43), ts: '' }

/** What confiding needs. */
export interface ConfidePorts {
  readonly store: Pick<Store, 'payloads' | 'atomically'>
  readonly subjects: Subjects
  readonly clock: Pick<Clock, 'now'>
  readonly entropy: Entropy
}

interface Waiting {
  readonly row: Payload
  readonly done: () => void
  readonly failed: (error: unknown) => void
}

/**
 * Confides what records say in words. The row is durable before the record is: a crash in between leaves a row of which no record
 * speaks, which is erased with its subject like any other; a record whose words nobody can show never comes to be.
 */
export class Confider {
  readonly #ports: ConfidePorts
  #waiting: Waiting[] = []
  #draining = false

  constructor(ports: ConfidePorts) {
    this.#ports = ports
  }

  /** The draft with commitments in place of words, once those are durable; undefined where it says nothing of that kind. */
  confide(draft: RecordDraft): Promise<RecordDraft> | undefined {
    const confided = confidedIn(draft)
    return confided === undefined ? undefined : this.#confide(draft, confided)
  }

  /** What was said, by commitment. What was erased, or never known here, is missing. */
  async words(commitments: readonly string[]): Promise<ReadonlyMap<string, Json>> {
    const found = new Map<string, Json>()
    const distinct = [...new Set(commitments)]
    for (let at = 0; at < distinct.length; at += LOOKED_UP) {
      const id = distinct.slice(at, at + LOOKED_UP)
      for (const { doc } of await this.#ports.store.payloads.all({ id })) {
        const value = doc.kind === 'text' ? this.#open(doc) : undefined
        if (value !== undefined) found.set(doc.id, value)
      }
    }
    return found
  }

  async #confide(
    draft: RecordDraft,
    { words, names, person }: NonNullable<ReturnType<typeof confidedIn>>,
  ): Promise<RecordDraft> {
    const { subjects } = this.#ports
    const subject = await this.#subject(person)
    const body: Record<string, Json> = { ...draft.body }
    for (const name of names)
      body[name] = `pseudonym:${subjects.macOf(subject)?.(textOf(body[name]))}`
    await Promise.all(
      words.map(async (name) => {
        const row = this.#row(subject, draft.call ?? '', body[name]!)
        body[name] = { commitment: row.id }
        await this.#write(row)
      }),
    )
    return { ...draft, body }
  }

  /** Words about somebody who was erased are nobody's: they are not theirs to be kept any more, and still why something was done. */
  async #subject(person: string | undefined): Promise<string> {
    const { subjects } = this.#ports
    const wanted = subjectOf(person)
    const known = subjects.get(wanted)
    const subject = known?.state === 'active' ? wanted : NOBODY
    if (known?.state !== 'active') await subjects.ready(NOBODY)
    return subject
  }

  #row(subject: string, call: string, value: Json): Payload {
    const { clock, entropy, subjects } = this.#ports
    const salt = entropy.bytes(SALT)
    const id = saltedCommitment(salt, value)
    const plain = utf8(canonicalJson({ salt: base64url(salt), value }))
    const sealed = base64url(subjects.seal(subject, plain, `text/${id}`))
    return { id, kind: 'text', call, subject, sealed, createdAt: clock.now(), endsAt: NO_END }
  }

  #open({ id, subject, sealed }: Payload): Json | undefined {
    const bytes = fromBase64url(sealed)
    const plain = bytes && this.#ports.subjects.open(subject, bytes, `text/${id}`)
    const opened = plain && parseJson(plain)
    if (!isObject(opened)) return undefined
    const { salt, value } = opened
    const bytesOfSalt = typeof salt === 'string' ? fromBase64url(salt) : undefined
    // What opens and is not what the record committed to is nothing that was said.
    if (bytesOfSalt === undefined || value === undefined) return undefined
    return saltedCommitment(bytesOfSalt, value) === id ? value : undefined
  }

  #write(row: Payload): Promise<void> {
    if (this.#waiting.length >= WAITING_MAX) {
      return Promise.reject(sideFault('side.busy', 'too much waits to be kept beside the log'))
    }
    return new Promise((done, failed) => {
      this.#waiting.push({ row, done, failed })
      if (!this.#draining) void this.#drain()
    })
  }

  /** Whatever waits while one transaction is written goes into the next. */
  async #drain(): Promise<void> {
    this.#draining = true
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, BATCH)
      try {
        await this.#ports.store.atomically(async ({ payloads }) => {
          for (const { row } of batch) await payloads.insert(row, BEFORE)
        })
        for (const { done } of batch) done()
      } catch (error) {
        for (const { failed } of batch) failed(error)
      }
    }
    // INVARIANT: nothing is awaited since the last look, so nothing can have come that nobody writes.
    this.#draining = false
  }
}

/** `SHA-256(salt || JCS(value))` as it stands in a record. */
export function saltedCommitment(salt: Uint8Array, value: Json): string {
  const digest = createHash('sha256').update(salt).update(canonicalJson(value)).digest('base64url')
  return `sha256:${digest}`
}

/** The commitments that a body holds, by member. */
export function commitmentsOf(body: JsonObject): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const [name, value] of Object.entries(body)) {
    const commitment = commitmentIn(value)
    if (commitment !== undefined) found.set(name, commitment)
  }
  return found
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : ''
}
