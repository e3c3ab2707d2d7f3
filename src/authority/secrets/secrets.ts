// Holds the secrets: values that systems need, sealed at rest, opened only for a call or to start an upstream (INV-3).

import { fromBase64url, utf8 } from '../../std/bytes.ts'
import { faults } from '../../std/fault.ts'
import type { Secret } from '../../store/rows/secret.ts'
import type { Held } from '../../store/signed-table.ts'
import type { Receipt } from '../../wire/record.ts'
import { AUTHORITY_FAULTS } from '../faults.ts'
import type { AuthorityPorts } from '../ports.ts'
import { checkedReason } from '../reason.ts'
import { checkName } from '../registry/name.ts'
import { Turns } from '../turns.ts'
import { checkTerms, checkedReference, checkedValue, checkVariable } from './secret-check.ts'

const fault = faults(AUTHORITY_FAULTS)
const decoder = new TextDecoder('utf-8', { fatal: true })

/** Versions that are remembered besides the one that counts; of their values nothing is left. */
const MOST_EARLIER = 16
/** Rows that are wrapped anew with one record. */
const BATCH = 100

/** What is said of a value besides the value. */
export interface SecretTerms {
  /** After how long a new value is due (ms); `null`: never; absent: as before. */
  readonly rotateEveryMs?: number | null | undefined
  /** When the value ends at the system, ms since the epoch; absent: it does not, as far as anybody knows. */
  readonly expiresAt?: number | undefined
  /** Why it has to be replaced at the provider: it stood somewhere in clear. */
  readonly exposed?: string | undefined
}

/** Whose word a change is. */
interface Word {
  /** Person id. */
  readonly person: string
}

/** A value in clear, for as long as a call takes. */
export interface OpenSecret {
  readonly version: number
  /** Present unless there is a reference. */
  readonly value?: string
  readonly reference?: string
}

/** What happened to a secret. */
export type SecretChange = 'stored' | 'rotated' | 'removed'

/** The sealed values. In memory they stay sealed; only `open` and `find` show them, to whoever equips a call. */
export class Secrets {
  readonly #ports: AuthorityPorts
  readonly #turns = new Turns()
  readonly #held = new Map<string, Map<string, Held<Secret>>>()
  readonly #listeners = new Set<(secret: Secret, change: SecretChange, person: string) => void>()

  private constructor(ports: AuthorityPorts) {
    this.#ports = ports
  }

  /** Reads every secret whose row verifies. */
  static async load(ports: AuthorityPorts): Promise<Secrets> {
    const secrets = new Secrets(ports)
    for (const held of await ports.store.secrets.all()) secrets.#show(held)
    return secrets
  }

  /** Told after each change. Returns the way to stop listening. */
  onChange(listener: (secret: Secret, change: SecretChange, person: string) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Stores a value, in place of an earlier one, which is gone. The record names it and says nothing of it. */
  put(system: string, name: string, value: string, of: Word & SecretTerms): Promise<void> {
    return this.#turns.run(async () => {
      checkedValue(value)
      const commitment = this.#ports.keys.envelopes.commit(utf8(value))
      const before = this.#held.get(system)?.get(name)?.doc
      // The same value again is the same version: whoever pins a system once more has rotated nothing.
      const same = before?.commitment === commitment && before.removed !== true
      const version = same ? (before.version ?? 1) : (before?.version ?? (before ? 1 : 0)) + 1
      const sealed = same
        ? before.sealed
        : this.#ports.keys.envelopes.seal(utf8(value), contextOf(system, name, version))
      await this.#put({ system, name, sealed, version, commitment }, of, same)
    })
  }

  /** Stores where a value is kept instead of the value. */
  refer(system: string, name: string, reference: string, of: Word & SecretTerms): Promise<void> {
    return this.#turns.run(async () => {
      checkedReference(reference)
      const before = this.#held.get(system)?.get(name)?.doc
      const version = (before?.version ?? (before ? 1 : 0)) + 1
      await this.#put({ system, name, sealed: '', version, reference }, of, false)
    })
  }

  /** A person says that the value was replaced at its provider, and that what stood in clear is worth nothing any more. */
  rotated(system: string, name: string, { person }: Word): Promise<Secret> {
    return this.#turns.run(async () => {
      const held = this.#live(system, name)
      const { exposed: _exposed, ...rest } = held.doc
      const version = rest.version ?? 1
      const body = { name, version }
      await this.#write(held, rest, { type: 'secret.rotated', person, body }, 'rotated')
      return rest
    })
  }

  /** Removes a value: it is gone, and calls that need it are refused. */
  remove(
    system: string,
    name: string,
    { person, reason }: Word & { readonly reason: string },
  ): Promise<void> {
    return this.#turns.run(async () => {
      const why = checkedReason(reason)
      const held = this.#live(system, name)
      const { commitment: _c, reference: _r, exposed: _e, expiresAt: _x, ...rest } = held.doc
      const doc: Secret = { ...rest, sealed: '', removed: true }
      // What takes away is taken from memory first: no call begins with it from here on.
      this.#show({ ...held, doc })
      const body = { name, reason: why }
      await this.#write(held, doc, { type: 'secret.removed', person, body }, 'removed')
    })
  }

  /** Names that have a value or a reference, sorted. */
  names(system: string): readonly string[] {
    return this.list(system).map(({ name }) => name)
  }

  /** What is known of values, without them: by system and name. */
  list(system?: string): readonly Secret[] {
    const systems = system === undefined ? [...this.#held.keys()].sort() : [system]
    return systems.flatMap((one) =>
      [...(this.#held.get(one)?.values() ?? [])]
        .map(({ doc }) => doc)
        .filter(({ removed }) => removed !== true)
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    )
  }

  /** What is known of one; undefined where there is none. */
  get(system: string, name: string): Secret | undefined {
    const doc = this.#held.get(system)?.get(name)?.doc
    return doc?.removed === true ? undefined : doc
  }

  /** True where there was one, and somebody removed it. */
  removed(system: string, name: string): boolean {
    return this.#held.get(system)?.get(name)?.doc.removed === true
  }

  /** One value in clear, or where it is kept; undefined where there is none. Throws `keys.unsealable` when it was changed. */
  find(system: string, name: string): OpenSecret | undefined {
    const doc = this.get(system, name)
    if (doc === undefined) return undefined
    const { version = 1, reference } = doc
    if (reference !== undefined) return { version, reference }
    return { version, value: this.#opened(doc) }
  }

  /** The values of a system that are kept here, in clear. Throws `keys.unsealable` when one was changed. */
  open(system: string): Readonly<Record<string, string>> {
    const values = Object.create(null) as Record<string, string>
    for (const doc of this.list(system)) {
      if (doc.reference === undefined) values[doc.name] = this.#opened(doc)
    }
    return values
  }

  /**
   * Wraps what is under an old key under the one in force, a batch at a time, each batch in a turn of its own: values are read and
   * stored meanwhile. Answers how many were wrapped anew; whoever runs it again after a crash goes on where it ended.
   */
  async rewrap(): Promise<number> {
    let count = 0
    for (;;) {
      const done = await this.#turns.run(() => this.#rewrapBatch())
      if (done === 0) return count
      count += done
    }
  }

  /** True while something here is wrapped under a key. In the turn of its own that a change waits for, too. */
  usesKey(keyId: string): Promise<boolean> {
    return this.#turns.run(async () => {
      const rows = await this.#ports.store.secrets.all()
      return rows.some(({ doc }) => this.#ports.keys.envelopes.keyOf(doc.sealed) === keyId)
    })
  }

  async #rewrapBatch(): Promise<number> {
    const { keys, store, audit } = this.#ports
    const old = [...this.#held.values()]
      .flatMap((names) => [...names.values()])
      .filter(({ doc }) => doc.sealed !== '' && !keys.envelopes.isCurrent(doc.sealed))
      .slice(0, BATCH)
    if (old.length === 0) return 0
    // Opened before anything is recorded: one that was changed stops it and names itself.
    const anew = old.map((held) => ({ held, doc: this.#anew(held.doc) }))
    const body = { key: keys.envelopes.current, count: anew.length, table: 'secrets' }
    const receipt = await audit.append({
      type: 'credential.rewrapped',
      phase: 'lifecycle',
      body,
    })
    for (const { held, doc } of anew) this.#show(await store.secrets.replace(held, doc, receipt))
    return anew.length
  }

  /** The same value under the key in force; what was sealed before there were envelopes gets one. */
  #anew(doc: Secret): Secret {
    const { envelopes } = this.#ports.keys
    const { system, name, version = 1 } = doc
    const context = contextOf(system, name, version)
    if (envelopes.keyOf(doc.sealed) !== undefined) {
      return { ...doc, sealed: envelopes.rewrap(doc.sealed, context) }
    }
    const plain = this.#plain(doc)
    const sealed = envelopes.seal(plain, context)
    const commitment = envelopes.commit(plain)
    plain.fill(0)
    return { ...doc, version, sealed, commitment }
  }

  #opened(doc: Secret): string {
    const plain = this.#plain(doc)
    try {
      return decoder.decode(plain)
    } finally {
      plain.fill(0)
    }
  }

  #plain({ system, name, sealed, version = 1 }: Secret): Uint8Array {
    const { encryption, envelopes } = this.#ports.keys
    if (envelopes.keyOf(sealed) !== undefined) {
      return envelopes.open(sealed, contextOf(system, name, version))
    }
    return encryption.open(fromBase64url(sealed) ?? new Uint8Array(), `secret/${system}/${name}`)
  }

  #live(system: string, name: string): Held<Secret> {
    const held = this.#held.get(system)?.get(name)
    if (held === undefined || held.doc.removed === true) {
      throw fault('secret.unknown', 'the system has no such credential')
    }
    return held
  }

  async #put(
    of: Pick<Secret, 'system' | 'name' | 'sealed' | 'commitment' | 'reference'> & {
      readonly version: number
    },
    { person, ...terms }: Word & SecretTerms,
    same: boolean,
  ): Promise<void> {
    const { system, name, version } = of
    checkName('a system', system)
    checkVariable(name)
    checkTerms(terms, this.#ports.clock.now())
    const held = this.#held.get(system)?.get(name)
    const now = this.#ports.clock.now()
    const doc: Secret = {
      ...of,
      person: same && held !== undefined ? held.doc.person : person,
      storedAt: same && held !== undefined ? held.doc.storedAt : now,
      ...termsOf(terms, same ? held?.doc : undefined, held?.doc, now),
      ...earlierOf(held?.doc, same),
    }
    const body = { name, version, ...(of.reference !== undefined && { kept: 'elsewhere' }) }
    await this.#write(held, doc, { type: 'secret.stored', person, body }, 'stored')
  }

  async #write(
    held: Held<Secret> | undefined,
    doc: Secret,
    record: {
      readonly type: string
      readonly person: string
      readonly body: Readonly<Record<string, string | number>>
    },
    change: SecretChange,
  ): Promise<void> {
    const { audit, store } = this.#ports
    const { system } = doc
    const receipt: Receipt = await audit.append({ ...record, phase: 'admin', system })
    const next = await (held === undefined
      ? store.secrets.insert(doc, receipt)
      : store.secrets.replace(held, doc, receipt))
    this.#show(next)
    for (const listener of this.#listeners) listener(doc, change, record.person)
  }

  #show(held: Held<Secret>): void {
    const { system, name } = held.doc
    const values = this.#held.get(system) ?? new Map<string, Held<Secret>>()
    values.set(name, held)
    this.#held.set(system, values)
  }
}

/** A value sealed for one version of one credential of one system opens as no other. */
function contextOf(system: string, name: string, version: number): string {
  return `secret/${system}/${name}/v${version}`
}

/** Terms of a row: what was said now, and of what was not, what held before. */
function termsOf(
  terms: SecretTerms,
  same: Secret | undefined,
  before: Secret | undefined,
  now: number,
): Pick<Secret, 'rotateEveryMs' | 'expiresAt' | 'exposed'> {
  const rotateEveryMs =
    terms.rotateEveryMs === undefined ? before?.rotateEveryMs : (terms.rotateEveryMs ?? undefined)
  const expiresAt = terms.expiresAt ?? same?.expiresAt
  const exposed = terms.exposed === undefined ? same?.exposed : { reason: terms.exposed, at: now }
  return {
    ...(rotateEveryMs !== undefined && { rotateEveryMs }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(exposed !== undefined && { exposed }),
  }
}

function earlierOf(before: Secret | undefined, same: boolean): Pick<Secret, 'earlier'> {
  if (before === undefined) return {}
  const { version = 1, storedAt, person, earlier = [] } = before
  const now = same ? earlier : [{ version, storedAt, person }, ...earlier].slice(0, MOST_EARLIER)
  return now.length === 0 ? {} : { earlier: now }
}
