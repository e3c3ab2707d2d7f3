// Holds the keeping of what calls send and get back, where policy asks for it: off the way of the call, bounded, sealed for its person.

import { base64url, fromBase64url, utf8 } from '../../std/bytes.ts'
import type { Clock } from '../../std/clock.ts'
import { Fault } from '../../std/fault.ts'
import type { Timer } from '../../std/timer.ts'
import type { Store } from '../../store/open.ts'
import type { Payload } from '../../store/rows/payload.ts'
import type { AuditSink } from '../../wire/record.ts'
import { subjectOf, type Subjects } from './subjects.ts'

/** How long payloads wait for others (ms), and how often the old ones are deleted and what was lost is recorded. */
const BATCH_MS = 100
const SWEEP_MS = 600_000
/** Payloads of one transaction, so that no turn of the loop is long. */
const BATCH = 32
/** What may wait to be written: more is not kept, and the outcome of the call says so. */
const QUEUE_ENTRIES = 4_096
const QUEUE_CHARACTERS = 16_777_216
/** One payload, in characters. */
const PAYLOAD_CHARACTERS = 1_048_576
const DAY_MS = 86_400_000

/** What is kept of a call. */
export interface KeptPayload {
  readonly kind: 'arguments' | 'result'
  readonly call: string
  /** Leaf hash of the call's intent, base64url: the seal is bound to it. */
  readonly leaf: string
  /** Person id on whose behalf; undefined: nobody's. */
  readonly person: string | undefined
  /** Canonical JSON, or the text as it was given. */
  readonly text: string
  /** Days from now. */
  readonly days: number
}

/** A payload as it is read. */
export interface OpenPayload extends Pick<Payload, 'subject' | 'createdAt' | 'endsAt'> {
  readonly kind: 'arguments' | 'result'
  /** Absent where its key was destroyed. */
  readonly text?: string
}

/** What keeping needs. */
export interface PayloadPorts {
  readonly store: Pick<Store, 'payloads' | 'atomically'>
  readonly subjects: Subjects
  readonly audit: AuditSink
  readonly clock: Pick<Clock, 'now'>
  readonly timer: Timer
  /** Told of what went wrong where nobody waits. */
  readonly onTrouble: (error: unknown) => void
}

/** Keeps payloads. A call never waits for it and never fails by it. */
export class Payloads {
  readonly #ports: PayloadPorts
  #queue: KeptPayload[] = []
  #characters = 0
  #lost = 0
  #writing: Promise<void> | undefined
  #cancelBatch: (() => void) | undefined
  #cancelSweep: (() => void) | undefined
  #closed = false

  constructor(ports: PayloadPorts) {
    this.#ports = ports
    this.#sweepLater()
  }

  /** Takes a payload. False where there is no room for it: then it is not kept. Never throws, never waits. */
  keep(payload: KeptPayload): boolean {
    const { length } = payload.text
    const full =
      this.#closed ||
      length > PAYLOAD_CHARACTERS ||
      this.#queue.length >= QUEUE_ENTRIES ||
      this.#characters + length > QUEUE_CHARACTERS
    if (full) return false
    this.#queue.push(payload)
    this.#characters += length
    this.#cancelBatch ??= this.#ports.timer.after(BATCH_MS, () => void this.flush())
    return true
  }

  /** What is kept of a call and not over: its texts, where their keys are still there. */
  async of(call: string): Promise<readonly OpenPayload[]> {
    await this.flush()
    const rows = await this.#ports.store.payloads.all({ call })
    const now = this.#ports.clock.now()
    return rows.flatMap(({ doc: { id, kind, subject, sealed, createdAt, endsAt } }) => {
      if ((kind !== 'arguments' && kind !== 'result') || endsAt <= now) return []
      const bytes = fromBase64url(sealed)
      const plain = bytes && this.#ports.subjects.open(subject, bytes, contextOf(id))
      const text = plain && Buffer.from(plain).toString('utf8')
      return { kind, subject, createdAt, endsAt, ...(text !== undefined && { text }) }
    })
  }

  /** Resolves when everything that was taken until now is written, or known to be lost. */
  flush(): Promise<void> {
    this.#cancelBatch?.()
    this.#cancelBatch = undefined
    if (this.#queue.length > 0) this.#writing ??= this.#write()
    return this.#writing ?? Promise.resolve()
  }

  /** Deletes what is over. Answers how many. */
  prune(): Promise<number> {
    return this.#ports.store.payloads.prune('ends_at', this.#ports.clock.now())
  }

  /** Writes what waits, and takes nothing more. */
  async close(): Promise<void> {
    this.#cancelSweep?.()
    await this.flush()
    this.#closed = true
    await this.flush()
    await this.#tell()
  }

  async #write(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, BATCH)
      for (const { text } of batch) this.#characters -= text.length
      try {
        const rows = (await Promise.all(batch.map((one) => this.#row(one)))).filter(
          (row) => row !== undefined,
        )
        await this.#ports.store.atomically(async ({ payloads }) => {
          for (const { row, leaf } of rows) await payloads.insert(row, { id: '', leaf, ts: '' })
        })
      } catch (error) {
        this.#lost += batch.length
        this.#ports.onTrouble(error)
      }
    }
    // INVARIANT: nothing is awaited since the last look, so nothing can have come that nobody writes.
    this.#writing = undefined
  }

  /** Nothing is kept of somebody who was erased while their call was under way. */
  async #row(kept: KeptPayload): Promise<{ row: Payload; leaf: string } | undefined> {
    const { clock, subjects } = this.#ports
    const { kind, call, leaf, text, days } = kept
    const subject = subjectOf(kept.person)
    try {
      await subjects.ready(subject)
    } catch (error) {
      if (error instanceof Fault && error.code === 'side.erased') return undefined
      throw error
    }
    const id = `${kind}/${leaf}`
    const sealed = base64url(subjects.seal(subject, utf8(text), contextOf(id)))
    const createdAt = clock.now()
    const endsAt = createdAt + days * DAY_MS
    return { row: { id, kind, call, subject, sealed, createdAt, endsAt }, leaf }
  }

  #sweepLater(): void {
    this.#cancelSweep = this.#ports.timer.after(SWEEP_MS, () => {
      Promise.all([this.prune(), this.#tell()])
        .catch((error: unknown) => this.#ports.onTrouble(error))
        .finally(() => {
          if (!this.#closed) this.#sweepLater()
        })
    })
  }

  /** Records how many were taken and could not be written; nothing where none was. */
  async #tell(): Promise<void> {
    const lost = this.#lost
    if (lost === 0) return
    this.#lost = 0
    try {
      const body = { lost }
      await this.#ports.audit.append({ type: 'payload.dropped', phase: 'lifecycle', body })
    } catch (error) {
      this.#lost += lost
      this.#ports.onTrouble(error)
    }
  }
}

/** The leaf in the id is the record that the seal is bound to. */
function contextOf(id: string): string {
  return `payload/${id}`
}
