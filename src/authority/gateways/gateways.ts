// Holds the gateways: registered by administrators, enrolled once each with a key of their own, known by short-lived certificates (INV-8).

import { base64url, sha256 } from '../../std/bytes.ts'
import { rfc3339 } from '../../std/clock.ts'
import { uuidv7 } from '../../std/id.ts'
import type { JsonObject } from '../../std/json.ts'
import type { Gateway } from '../../store/rows/gateway.ts'
import type { Held } from '../../store/signed-table.ts'
import type { IssuedGateway } from '../../wire/gateway-identity.ts'
import { formatJoinToken, parseJoinToken } from '../../wire/identity.ts'
import { checkRequest } from '../identity/csr.ts'
import type { AuthorityPorts } from '../ports.ts'
import { checkedReason } from '../reason.ts'
import { checkName, unknownName } from '../registry/name.ts'
import type { Systems } from '../registry/systems.ts'
import { Turns } from '../turns.ts'
import { certified, checkKey, type Issuing } from './certified.ts'
import { gatewayRegistryFault } from './faults.ts'
import { checkedHosts } from './hosts.ts'

export type { Gateway }

/** How long a join token can be used (ms). */
const TOKEN_MS = 600_000
/** For how long a gateway that is away may come back by its last certificate (ms). */
export const AWAY_MS = 7 * 24 * 3_600_000
/** Gateways at once, and join tokens whose reuse is recorded between two starts. */
const MOST = 1_000
const MOST_REPORTED = 10_000

/** Who changes one, and why. */
interface Word {
  /** Person id. */
  readonly person: string
  readonly reason: string
}

/** What a gateway is assigned. */
export interface Assigned {
  /** Null: every system. Absent: as it is; of a new one, every system. */
  readonly systems?: readonly string[] | null
  readonly hosts?: readonly string[]
}

/** The right to enrol, shown once. */
export interface Invited {
  readonly gateway: Gateway
  readonly token: string
  /** ms since the epoch. */
  readonly expiresAt: number
}

type Known = Pick<Systems, 'find'>
type Ports = Pick<AuthorityPorts, 'audit' | 'clock' | 'entropy' | 'store'>

/** The gateways. Reading is synchronous, from memory. */
export class Gateways {
  readonly #ports: Ports
  readonly #systems: Known
  readonly #turns = new Turns()
  readonly #rows = new Map<string, Held<Gateway>>()
  /** Those that are removed, and whose removal is not durable yet. */
  readonly #leaving = new Map<string, Held<Gateway>>()
  readonly #listeners = new Set<(gateway: Gateway) => void>()
  /** Hashes of join tokens whose reuse is on record; what follows is counted by the listener, so that nobody fills the log. */
  readonly #reported = new Set<string>()

  private constructor(ports: Ports, systems: Known) {
    this.#ports = ports
    this.#systems = systems
  }

  /** Reads those that verify and are not removed. */
  static async load(ports: Ports, systems: Known): Promise<Gateways> {
    const gateways = new Gateways(ports, systems)
    for (const held of await ports.store.gateways.all({ state: ['invited', 'active'] })) {
      gateways.#rows.set(held.doc.name, held)
    }
    return gateways
  }

  /** By name. */
  list(): readonly Gateway[] {
    return [...this.#rows.values()].map(({ doc }) => doc).sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  get(name: string): Gateway | undefined {
    return this.#rows.get(name)?.doc
  }

  /** Whether a gateway may reach a system, as it is registered now. */
  mayReach(name: string, system: string): boolean {
    const gateway = this.get(name)
    return gateway?.state === 'active' && (gateway.systems?.includes(system) ?? true)
  }

  /** The gateway that shows a certificate (SHA-256 of its DER), while both hold. */
  byCertificate(fingerprint: string): Gateway | undefined {
    const now = this.#ports.clock.now()
    const doc = this.#shows(fingerprint, now)?.doc
    return doc?.state === 'active' ? doc : undefined
  }

  /**
   * Called synchronously once a change is in force. One that enrols again is told as `invited` first: whatever is open by its earlier
   * certificates is nobody's. Returns the way to stop listening.
   */
  onChange(listener: (gateway: Gateway) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Registers one. Throws `gateway.*`, `name.invalid`, `system.unknown`. */
  add(of: Assigned & { readonly name: string }, word: Word, roots: Issuing): Promise<Invited> {
    return this.#turns.run(async () => {
      const { name } = of
      checkName('a gateway', name)
      if (this.#rows.has(name) || this.#leaving.has(name)) {
        throw gatewayRegistryFault('gateway.exists', `\`${name}\` is there already`)
      }
      if (this.#rows.size >= MOST) {
        throw gatewayRegistryFault('gateway.too_many', `there are ${MOST} already`)
      }
      const { clock, entropy } = this.#ports
      const doc: Gateway = {
        id: uuidv7(clock, entropy),
        name,
        ...this.#assigned(of, { systems: null, hosts: [] }),
        state: 'invited',
        certificates: [],
        keys: [],
        by: word.person,
        createdAt: clock.now(),
      }
      return this.#invite(doc, undefined, 'gateway.added', word, roots)
    })
  }

  /** Lets one enrol again: what it has goes on until the new token is used. Throws `gateway.unknown`. */
  invite(name: string, word: Word, roots: Issuing): Promise<Invited> {
    return this.#turns.run(async () => {
      const held = this.#found(name)
      return this.#invite(held.doc, held, 'gateway.invited', word, roots)
    })
  }

  /** Assigns other systems or names. Its next certificate has the names. Throws `gateway.*`, `system.unknown`. */
  change(name: string, of: Assigned, word: Word): Promise<Gateway> {
    return this.#turns.run(async () => {
      const held = this.#found(name)
      if (of.systems === undefined && of.hosts === undefined) {
        throw gatewayRegistryFault('gateway.nothing', 'this changes nothing')
      }
      const doc = { ...held.doc, ...this.#assigned(of, held.doc) }
      return (await this.#write(doc, held, 'gateway.changed', assignment(doc), word)).doc
    })
  }

  /**
   * Removes one: its certificates are worth nothing before this returns, and for good once it resolves. Where that cannot be made durable
   * it stays out until the next start, and may be removed again. Throws `gateway.unknown`.
   */
  async remove(name: string, word: Word): Promise<Gateway> {
    const reason = checkedReason(word.reason)
    const leaving = this.#leaving.get(name) ?? this.#found(name)
    this.#rows.delete(name)
    this.#leaving.set(name, leaving)
    this.#tell({ ...leaving.doc, state: 'removed', certificates: [] })
    return this.#turns.run(async () => {
      // As the turn before this one left it.
      const held = this.#leaving.get(name)
      if (held === undefined) throw this.#unknown(name)
      const removed = { by: word.person, reason, at: this.#ports.clock.now() }
      const { tokenHash: _hash, tokenEnds: _ends, ...rest } = held.doc
      const doc: Gateway = { ...rest, state: 'removed', certificates: [], removed }
      await this.#write(doc, held, 'gateway.removed', {}, { ...word, reason })
      this.#leaving.delete(name)
      return doc
    })
  }

  /** Enrols one by its join token, once. Throws `gateway.token`, `gateway.key`, `identity.csr_…`, `join_token.malformed`. */
  async enrol(
    { token, csr }: { readonly token: string; readonly csr: string },
    roots: Issuing,
  ): Promise<IssuedGateway> {
    const { publicKey } = checkRequest(csr)
    const { authority, secret } = parseJoinToken(token)
    if (!roots.trusts(authority)) throw noToken()
    const hash = base64url(sha256(secret))
    // In turn: of two who come at once, the second finds it used.
    return this.#turns.run(async () => {
      const now = this.#ports.clock.now()
      const held = [...this.#rows.values()].find(({ doc }) => doc.tokenHash === hash)
      if (held === undefined) throw await this.#reused(hash)
      if ((held.doc.tokenEnds ?? 0) <= now) throw noToken()
      const { tokenHash: _hash, tokenEnds: _ends, ...rest } = held.doc
      const doc: Gateway = {
        ...rest,
        state: 'active',
        certificates: [],
        tokenUsed: hash,
        enrolledAt: now,
      }
      return this.#certify(doc, held, publicKey, 'gateway.enrolled', roots, { join_token: hash })
    })
  }

  /** Gives an active one another certificate. Throws `gateway.unknown`, `gateway.key`, `gateway.renewals`, `identity.csr_…`. */
  async renew(name: string, csr: string, roots: Issuing): Promise<IssuedGateway> {
    const { publicKey } = checkRequest(csr)
    return this.#turns.run(async () => {
      const held = this.#found(name)
      // Removed and registered anew while this waited: whoever asks is another.
      if (held.doc.state !== 'active') throw this.#unknown(name)
      return this.#certify(held.doc, held, publicKey, 'gateway.renewed', roots)
    })
  }

  /**
   * The same for one that was away for longer than its certificate: TLS has shown that it holds the key. For a week; after that it has to
   * be invited. Throws `gateway.token` too.
   */
  async renewAway(fingerprint: string, csr: string, roots: Issuing): Promise<IssuedGateway> {
    const { publicKey } = checkRequest(csr)
    return this.#turns.run(async () => {
      const held = this.#shows(fingerprint, this.#ports.clock.now() - AWAY_MS)
      if (held?.doc.state !== 'active') {
        throw gatewayRegistryFault('gateway.token', 'no gateway is known by this certificate')
      }
      return this.#certify(held.doc, held, publicKey, 'gateway.renewed', roots)
    })
  }

  /** Whose certificate this is, where that holds after a time (ms since the epoch). */
  #shows(fingerprint: string, after: number): Held<Gateway> | undefined {
    return [...this.#rows.values()].find(({ doc }) =>
      doc.certificates.some((one) => one.fingerprint === fingerprint && one.notAfter > after),
    )
  }

  async #certify(
    doc: Gateway,
    held: Held<Gateway>,
    publicKey: Uint8Array,
    type: 'gateway.enrolled' | 'gateway.renewed',
    roots: Issuing,
    facts: JsonObject = {},
  ): Promise<IssuedGateway> {
    await checkKey(publicKey, this.list(), this.#ports.store)
    const issued = certified(doc, publicKey, roots, this.#ports.clock.now())
    const written = await this.#write(issued.doc, held, type, { ...issued.facts, ...facts })
    // Removed meanwhile: what was issued is worth nothing, and is not handed out.
    if (this.#rows.get(doc.name) !== written) throw this.#unknown(doc.name)
    return issued.answer
  }

  /** Answers for a token that nobody can use: a second use is on record, once. Whoever was first may not be who was meant to be. */
  async #reused(hash: string): Promise<Error> {
    const used = this.list().find(({ tokenUsed }) => tokenUsed === hash)
    if (used !== undefined && !this.#reported.has(hash) && this.#reported.size < MOST_REPORTED) {
      this.#reported.add(hash)
      const body = { gateway: used.id, name: used.name, join_token: hash }
      await this.#ports.audit.append({
        type: 'gateway.join_token_reused',
        phase: 'lifecycle',
        body,
      })
    }
    return noToken()
  }

  async #invite(
    doc: Gateway,
    held: Held<Gateway> | undefined,
    type: 'gateway.added' | 'gateway.invited',
    word: Word,
    roots: Issuing,
  ): Promise<Invited> {
    const { clock, entropy } = this.#ports
    const secret = entropy.bytes(32)
    const expiresAt = clock.now() + TOKEN_MS
    const tokenHash = base64url(sha256(secret))
    const invited = { ...doc, tokenHash, tokenEnds: expiresAt }
    const facts = {
      ...assignment(doc),
      join_token: tokenHash,
      expires_at: rfc3339(expiresAt),
    }
    const written = await this.#write(invited, held, type, facts, word)
    const token = formatJoinToken({ secret, authority: roots.serving.fingerprint })
    return { gateway: written.doc, token, expiresAt }
  }

  /** Recorded, then written, then in force: a removal is in force before. */
  async #write(
    doc: Gateway,
    held: Held<Gateway> | undefined,
    type: string,
    facts: JsonObject,
    word?: Word,
  ): Promise<Held<Gateway>> {
    const { audit, store } = this.#ports
    const said = word === undefined ? {} : { reason: checkedReason(word.reason) }
    const receipt = await audit.append({
      type,
      phase: word === undefined ? 'lifecycle' : 'admin',
      ...(word !== undefined && { person: word.person }),
      body: { gateway: doc.id, name: doc.name, ...facts, ...said },
    })
    const written = await (held === undefined
      ? store.gateways.insert(doc, receipt)
      : store.gateways.replace(held, doc, receipt))
    if (doc.state === 'removed') return written
    if (this.#leaving.has(doc.name)) {
      this.#leaving.set(doc.name, written)
      return written
    }
    this.#rows.set(doc.name, written)
    if (held !== undefined && held.doc.tokenUsed !== doc.tokenUsed) {
      this.#tell({ ...doc, state: 'invited' })
    }
    this.#tell(doc)
    return written
  }

  #assigned(
    { hosts, systems }: Assigned,
    before: Pick<Gateway, 'hosts' | 'systems'>,
  ): Pick<Gateway, 'hosts' | 'systems'> {
    for (const name of systems ?? []) this.#systems.find(name)
    return {
      systems: systems === undefined ? before.systems : systems && [...new Set(systems)].sort(),
      hosts: hosts === undefined ? before.hosts : checkedHosts(hosts),
    }
  }

  #found(name: string): Held<Gateway> {
    const held = this.#rows.get(name)
    if (held === undefined) throw this.#unknown(name)
    return held
  }

  #unknown(name: string): Error {
    const detail = `the gateway ${unknownName(name, this.#rows.keys())}`
    return gatewayRegistryFault('gateway.unknown', detail)
  }

  #tell(doc: Gateway): void {
    for (const listener of this.#listeners) listener(doc)
  }
}

function noToken(): Error {
  return gatewayRegistryFault('gateway.token', 'this join token is used, past or unknown')
}

function assignment({ hosts, systems }: Gateway): JsonObject {
  return { systems: systems === null ? null : [...systems], hosts: [...hosts] }
}
