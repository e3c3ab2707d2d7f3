// Holds the subjects: a key for each person whose data are kept, so that destroying it erases them wherever they are (audit-log §1.3).

import type { Clock } from '../../std/clock.ts'
import type { Entropy } from '../../std/entropy.ts'
import { Fault } from '../../std/fault.ts'
import { hmacSha256 } from '../../keys/hmac.ts'
import type { Envelopes, Sealer } from '../../keys/ring.ts'
import { sealerOf } from '../../keys/sealer.ts'
import type { Store, Tables } from '../../store/open.ts'
import { NOBODY, type Subject } from '../../store/rows/subject.ts'
import type { Held } from '../../store/signed-table.ts'
import type { AuditSink, Receipt } from '../../wire/record.ts'
import { sideFault } from './faults.ts'

/** Subjects whose keys are open in memory at once; those of the others are opened when they are asked for. */
const OPEN_MAX = 4_096
/** Rows of one round of wrapping anew. */
const BATCH = 200

/** What subjects stand on. */
export interface SubjectPorts {
  readonly store: Pick<Store, 'subjects' | 'atomically'>
  readonly keys: { readonly envelopes: Envelopes }
  readonly audit: AuditSink
  readonly clock: Pick<Clock, 'now'>
  readonly entropy: Entropy
}

/** What a subject's key is used for: no use shares bytes with another. */
interface OpenKeys {
  readonly sealer: Sealer
  readonly mac: (text: string) => string
}

/**
 * The subjects. Rows are small and all in memory, their keys wrapped; nothing here is awaited on the way of a call. What is sealed or
 * committed to under a key that was destroyed is as good as random from then on.
 */
export class Subjects {
  readonly #ports: SubjectPorts
  readonly #held = new Map<string, Held<Subject>>()
  /** Most recently opened last. */
  readonly #open = new Map<string, OpenKeys>()
  readonly #making = new Map<string, Promise<void>>()
  /** For what is still said of somebody who was erased: nobody has this key, and it ends with the process. */
  readonly #lost: (text: string) => string

  private constructor(ports: SubjectPorts) {
    this.#ports = ports
    this.#lost = hmacSha256(ports.entropy.bytes(32))
  }

  /** Reads every subject. */
  static async load(ports: SubjectPorts): Promise<Subjects> {
    const subjects = new Subjects(ports)
    for (const held of await ports.store.subjects.all()) subjects.#held.set(held.doc.id, held)
    return subjects
  }

  /** The row of a subject; undefined where nothing was ever kept of them. */
  get(id: string): Subject | undefined {
    return this.#held.get(id)?.doc
  }

  /** Who is held: nothing of theirs may be erased. */
  list(): readonly Subject[] {
    return [...this.#held.values()].map(({ doc }) => doc)
  }

  /** HMAC-SHA-256 under a key of this subject; undefined where they have none yet. Synchronous: calls are committed to by it. */
  macOf(id: string): ((text: string) => string) | undefined {
    if (this.#held.get(id)?.doc.state === 'erased') return this.#lost
    return this.#keysOf(id)?.mac
  }

  /** Sees to it that a subject has a key, durable when this resolves. Throws `side.erased`. */
  async ready(id: string): Promise<void> {
    const { doc } = this.#held.get(id) ?? {}
    if (doc?.state === 'active') return
    if (doc !== undefined) throw sideFault('side.erased', 'what is kept of this person was erased')
    await this.begin(id, async () => {
      const body = { subject: id }
      return this.#ports.audit.append({ type: 'subject.opened', phase: 'lifecycle', body })
    })
  }

  /** Makes the key of a subject that has none; `receipt` is of the record that speaks of them first. */
  async begin(id: string, receipt: () => Promise<Receipt>): Promise<void> {
    if (this.#held.has(id)) return
    const making =
      this.#making.get(id) ?? this.#make(id, receipt).finally(() => this.#making.delete(id))
    this.#making.set(id, making)
    await making
  }

  /** Seals under the key of a subject that is `ready`; bound to the context. Throws `side.erased`. */
  seal(id: string, plain: Uint8Array, context: string): Uint8Array {
    const keys = this.#keysOf(id)
    if (keys === undefined) throw sideFault('side.erased', 'there is no key for this person')
    return keys.sealer.seal(plain, context)
  }

  /** Opens what was sealed; undefined where the key was destroyed since, or it was changed. */
  open(id: string, sealed: Uint8Array, context: string): Uint8Array | undefined {
    try {
      return this.#keysOf(id)?.sealer.open(sealed, context)
    } catch (error) {
      if (error instanceof Fault && error.code === 'keys.unsealable') return undefined
      throw error
    }
  }

  /**
   * Destroys the key of a subject within a transaction. `next` gives them another one: they are still here. Answers what shows it in
   * memory, to be called once the transaction is durable; until then the old key still opens.
   */
  async destroy(
    tables: Pick<Tables, 'subjects'>,
    id: string,
    how: { readonly next: boolean; readonly receipt: Receipt; readonly epoch?: number },
  ): Promise<() => void> {
    const held = this.#held.get(id)
    const before = held?.doc ?? this.#row(id, 0)
    // Of an erasure that is done again over an older database: no earlier than the log has seen.
    const epoch = Math.max(before.epoch + 1, how.epoch ?? 0)
    const key = how.next ? this.#wrapped(id, epoch) : ''
    const doc: Subject = { ...before, state: how.next ? 'active' : 'erased', epoch, key }
    const after =
      held === undefined
        ? await tables.subjects.insert(doc, how.receipt)
        : await tables.subjects.replace(held, doc, how.receipt)
    return () => {
      this.#open.delete(id)
      this.#held.set(id, after)
    }
  }

  /** Sets or lifts the hold of a subject that is `ready`. */
  async setHold(id: string, hold: Subject['hold'], receipt: Receipt): Promise<void> {
    const held = this.#held.get(id)
    if (held === undefined) throw new TypeError('a subject is ready before it is held')
    const { hold: _before, ...rest } = held.doc
    const doc: Subject = { ...rest, ...(hold !== undefined && { hold }) }
    this.#held.set(id, await this.#ports.store.subjects.replace(held, doc, receipt))
  }

  /** Wraps anew, under the envelope key in force, what is under another one. Answers how many. */
  async rewrap(): Promise<number> {
    let count = 0
    for (;;) {
      const done = await this.#rewrapBatch()
      count += done
      if (done === 0) return count
    }
  }

  /** True while a key is wrapped under an envelope key. Reads the rows. */
  async usesKey(keyId: string): Promise<boolean> {
    const rows = await this.#ports.store.subjects.all()
    return rows.some(({ doc }) => this.#ports.keys.envelopes.keyOf(doc.key) === keyId)
  }

  async #rewrapBatch(): Promise<number> {
    const { audit, keys, store } = this.#ports
    const { envelopes } = keys
    const old = [...this.#held.values()]
      .filter(({ doc }) => doc.key !== '' && !envelopes.isCurrent(doc.key))
      .slice(0, BATCH)
    if (old.length === 0) return 0
    const anew = old.map((held) => {
      const { id, epoch, key } = held.doc
      return { held, doc: { ...held.doc, key: envelopes.rewrap(key, contextOf(id, epoch)) } }
    })
    const body = { key: envelopes.current, count: anew.length, table: 'subjects' }
    const receipt = await audit.append({ type: 'credential.rewrapped', phase: 'lifecycle', body })
    for (const { held, doc } of anew) {
      // Erased or held meanwhile: what is there now is wrapped under the key in force, or is taken up in the next round.
      if (this.#held.get(doc.id) !== held) continue
      this.#held.set(doc.id, await store.subjects.replace(held, doc, receipt))
    }
    return anew.length
  }

  async #make(id: string, receipt: () => Promise<Receipt>): Promise<void> {
    const said = await receipt()
    const doc: Subject = { ...this.#row(id, 1), key: this.#wrapped(id, 1) }
    this.#held.set(id, await this.#ports.store.subjects.insert(doc, said))
  }

  #row(id: string, epoch: number): Subject {
    return { id, state: 'active', epoch, key: '', createdAt: this.#ports.clock.now() }
  }

  #wrapped(id: string, epoch: number): string {
    const key = this.#ports.entropy.bytes(32)
    try {
      return this.#ports.keys.envelopes.seal(key, contextOf(id, epoch))
    } finally {
      key.fill(0)
    }
  }

  #keysOf(id: string): OpenKeys | undefined {
    const open = this.#open.get(id)
    if (open !== undefined) return open
    const doc = this.#held.get(id)?.doc
    if (doc === undefined || doc.key === '') return undefined
    const key = this.#ports.keys.envelopes.open(doc.key, contextOf(id, doc.epoch))
    const derive = (use: string): Uint8Array =>
      Buffer.from(hmacSha256(key)(`bailiwick/subject/${use}`), 'base64url')
    const keys: OpenKeys = {
      sealer: sealerOf(derive('seal'), this.#ports.entropy),
      mac: hmacSha256(derive('commit')),
    }
    key.fill(0)
    const oldest = this.#open.size >= OPEN_MAX ? this.#open.keys().next().value : undefined
    if (oldest !== undefined) this.#open.delete(oldest)
    this.#open.set(id, keys)
    return keys
  }
}

function contextOf(id: string, epoch: number): string {
  return `subject/${id}/${epoch}`
}

/** Whose data those of a call are: of the person on whose behalf, or nobody's. */
export function subjectOf(person: string | undefined): string {
  return person === undefined || person === '' ? NOBODY : person
}
