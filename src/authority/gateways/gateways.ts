// Holds the gateways: registered by administrators, enrolled once each with a key of their own, known by short-lived certificates (INV-8).

import { base64url, hex, sha256 } from '../../std/bytes.ts'
import { rfc3339 } from '../../std/clock.ts'
import { uuidv7 } from '../../std/id.ts'
import type { JsonObject } from '../../std/json.ts'
import { pem } from '../../std/pem.ts'
import type { Gateway } from '../../store/rows/gateway.ts'
import type { Held } from '../../store/signed-table.ts'
import type { IssuedGateway } from '../../wire/gateway-identity.ts'
import { formatJoinToken, parseJoinToken } from '../../wire/identity.ts'
import { spiffeId } from '../../wire/spiffe.ts'
import { issueGateway, leafValidity } from '../identity/certificate.ts'
import { checkRequest } from '../identity/csr.ts'
import { keyDigest } from '../identity/issuance.ts'
import type { Roots } from '../identity/roots.ts'
import type { AuthorityPorts } from '../ports.ts'
import { checkedReason } from '../reason.ts'
import { checkName, unknownName } from '../registry/name.ts'
import type { Systems } from '../registry/systems.ts'
import { Turns } from '../turns.ts'
import { gatewayRegistryFault } from './faults.ts'
import { altNamesOf, checkedHosts } from './hosts.ts'

export type { Gateway }

const HOUR = 3_600_000
/** How long a join token can be used (ms). */
const TOKEN_MS = 600_000
/** For how long a gateway that is away may come back by its last certificate (ms). */
const AWAY_MS = 7 * 24 * HOUR
/** Gateways at once; certificates that one has at once: renewed in time it has two, and some answers get lost. */
const MOST = 1_000
const MOST_CERTIFICATES = 4

/** Who changes one, and why. */
interface Word {
  /** Person id. */
  readonly person: string
  readonly reason: string
}

/** What a gateway is assigned. */
export interface Assigned {
  /** Absent: every system. */
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

/** Whose certificates are issued. */
type Issuing = Pick<Roots, 'active' | 'pems' | 'serving' | 'trusts'>

/** The gateways. Reading is synchronous, from memory. */
export class Gateways {
  readonly #ports: AuthorityPorts
  readonly #systems: Pick<Systems, 'get' | 'list'>
  readonly #turns = new Turns()
  readonly #rows = new Map<string, Held<Gateway>>()
  readonly #listeners = new Set<(gateway: Gateway) => void>()

  private constructor(ports: AuthorityPorts, systems: Pick<Systems, 'get' | 'list'>) {
    this.#ports = ports
    this.#systems = systems
  }

  /** Reads those that verify and are not removed. */
  static async load(ports: AuthorityPorts, systems: Pick<Systems, 'get' | 'list'>) {
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
    for (const { doc } of this.#rows.values()) {
      const shown = doc.certificates.find((one) => one.fingerprint === fingerprint)
      if (shown !== undefined) return shown.notAfter > now ? doc : undefined
    }
    return undefined
  }

  /** Called synchronously once a change is in force. Returns the way to stop listening. */
  onChange(listener: (gateway: Gateway) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Registers one. Throws `gateway.*`, `name.invalid`, `system.unknown`. */
  add(of: Assigned & { readonly name: string }, word: Word, roots: Issuing): Promise<Invited> {
    return this.#turns.run(async () => {
      const { name } = of
      checkName('a gateway', name)
      if (this.#rows.has(name)) {
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

  /** Assigns other systems or names. Its next certificate has the names. Throws `gateway.unknown`, `gateway.host`, `system.unknown`. */
  change(name: string, of: Assigned, word: Word): Promise<Gateway> {
    return this.#turns.run(async () => {
      const held = this.#found(name)
      const doc = { ...held.doc, ...this.#assigned(of, held.doc) }
      return this.#write(doc, held, 'gateway.changed', word, assignment(doc))
    })
  }

  /** Removes one: its certificates are worth nothing, before that is durable. Throws `gateway.unknown`. */
  remove(name: string, word: Word): Promise<Gateway> {
    return this.#turns.run(async () => {
      const held = this.#found(name)
      const reason = checkedReason(word.reason)
      this.#rows.delete(name)
      const removed = { by: word.person, reason, at: this.#ports.clock.now() }
      const { tokenHash: _hash, tokenEnds: _ends, ...rest } = held.doc
      const doc: Gateway = { ...rest, state: 'removed', certificates: [], removed }
      this.#tell(doc)
      return this.#write(doc, held, 'gateway.removed', { ...word, reason }, {})
    })
  }

  /** Enrols one by its join token, once. Throws `gateway.token`, `gateway.key`, `identity.csr_…`, `join_token.malformed`. */
  enrol({ token, csr }: { readonly token: string; readonly csr: string }, roots: Issuing) {
    const { publicKey } = checkRequest(csr)
    const { authority, secret } = parseJoinToken(token)
    const hash = base64url(sha256(secret))
    // In turn: of two who come at once, the second finds it used.
    return this.#turns.run(async () => {
      const held = [...this.#rows.values()].find(({ doc }) => doc.tokenHash === hash)
      const ends = held?.doc.tokenEnds ?? 0
      if (held === undefined || !roots.trusts(authority) || ends <= this.#ports.clock.now()) {
        throw gatewayRegistryFault('gateway.token', 'this join token is used, past or unknown')
      }
      const { tokenHash: _hash, tokenEnds: _ends, ...rest } = held.doc
      const enrolled = { ...rest, state: 'active' as const, certificates: [] }
      const at = { ...enrolled, enrolledAt: this.#ports.clock.now() }
      return this.#certify(at, held, publicKey, 'gateway.enrolled', roots)
    })
  }

  /** Gives an active one another certificate. Throws `gateway.unknown`, `gateway.key`, `identity.csr_…`. */
  renew(name: string, csr: string, roots: Issuing): Promise<IssuedGateway> {
    const { publicKey } = checkRequest(csr)
    return this.#turns.run(() => {
      const held = this.#found(name)
      return this.#certify(held.doc, held, publicKey, 'gateway.renewed', roots)
    })
  }

  /**
   * The same for one that was away for longer than its certificate: TLS has shown that it holds the key of its newest one. For a week;
   * after that it has to be invited. Throws `gateway.token` too.
   */
  renewAway(fingerprint: string, csr: string, roots: Issuing): Promise<IssuedGateway> {
    const { publicKey } = checkRequest(csr)
    return this.#turns.run(() => {
      const since = this.#ports.clock.now() - AWAY_MS
      const held = [...this.#rows.values()].find(({ doc }) => {
        const newest = doc.certificates.at(-1)
        return newest?.fingerprint === fingerprint && newest.notAfter > since
      })
      if (held?.doc.state !== 'active') {
        throw gatewayRegistryFault('gateway.token', 'no gateway is known by this certificate')
      }
      return this.#certify(held.doc, held, publicKey, 'gateway.renewed', roots)
    })
  }

  async #certify(
    doc: Gateway,
    held: Held<Gateway>,
    publicKey: Uint8Array,
    type: string,
    roots: Issuing,
  ): Promise<IssuedGateway> {
    const key = keyDigest(publicKey)
    const known = [...this.#rows.values()].flatMap((one) => one.doc.certificates)
    if (known.some((one) => one.key === key)) {
      throw gatewayRegistryFault('gateway.key', 'this key has a certificate already')
    }
    const now = this.#ports.clock.now()
    const root = roots.active
    const validity = leafValidity(now, HOUR, root.notAfter)
    const { hosts, name } = doc
    const names = altNamesOf(hosts)
    const der = issueGateway(root.issuer, { name, names, publicKey }, validity)
    const certificate = { fingerprint: hex(sha256(der)), key, notAfter: validity.notAfter }
    const left = doc.certificates.filter(({ notAfter }) => notAfter > now)
    const certificates = [...left, certificate].slice(-MOST_CERTIFICATES)
    const facts = { certificate: certificate.fingerprint, not_after: rfc3339(validity.notAfter) }
    await this.#write({ ...doc, certificates }, held, type, undefined, facts)
    return {
      name,
      spiffe_id: spiffeId({ kind: 'gateway', domain: root.trustDomain, name }),
      certificates: pem('CERTIFICATE', der),
      bundle: roots.pems(),
      not_after: rfc3339(validity.notAfter),
      renew_after: rfc3339((validity.notBefore + validity.notAfter) / 2),
    }
  }

  async #invite(
    doc: Gateway,
    held: Held<Gateway> | undefined,
    type: string,
    word: Word,
    roots: Issuing,
  ): Promise<Invited> {
    const { clock, entropy } = this.#ports
    const secret = entropy.bytes(32)
    const expiresAt = clock.now() + TOKEN_MS
    const invited = { ...doc, tokenHash: base64url(sha256(secret)), tokenEnds: expiresAt }
    const facts = { ...assignment(doc), expires_at: rfc3339(expiresAt) }
    const gateway = await this.#write(invited, held, type, word, facts)
    const token = formatJoinToken({ secret, authority: roots.serving.fingerprint })
    return { gateway, token, expiresAt }
  }

  async #write(
    doc: Gateway,
    held: Held<Gateway> | undefined,
    type: string,
    word: Word | undefined,
    facts: JsonObject,
  ): Promise<Gateway> {
    const { audit, store } = this.#ports
    const said = word === undefined ? {} : { reason: checkedReason(word.reason) }
    const receipt = await audit.append({
      type,
      phase: word === undefined ? 'lifecycle' : 'admin',
      ...(word !== undefined && { person: word.person }),
      body: { gateway: doc.id, name: doc.name, ...facts, ...said },
    })
    const { gateways } = store
    const written =
      held === undefined
        ? await gateways.insert(doc, receipt)
        : await gateways.replace(held, doc, receipt)
    if (doc.state === 'removed') return doc
    this.#rows.set(doc.name, written)
    this.#tell(doc)
    return doc
  }

  #assigned(
    { hosts, systems }: Assigned,
    before: Pick<Gateway, 'hosts' | 'systems'>,
  ): Pick<Gateway, 'hosts' | 'systems'> {
    const known = this.#systems
    const unknown = systems?.find((name) => known.get(name) === undefined)
    if (unknown !== undefined) {
      const names = known.list().map(({ definition }) => definition.name)
      throw gatewayRegistryFault('gateway.unknown', `the system ${unknownName(unknown, names)}`)
    }
    return {
      systems: systems === undefined ? before.systems : systems && [...new Set(systems)].sort(),
      hosts: hosts === undefined ? before.hosts : checkedHosts(hosts),
    }
  }

  #found(name: string): Held<Gateway> {
    const held = this.#rows.get(name)
    if (held !== undefined) return held
    throw gatewayRegistryFault(
      'gateway.unknown',
      `the gateway ${unknownName(name, this.#rows.keys())}`,
    )
  }

  #tell(doc: Gateway): void {
    for (const listener of this.#listeners) listener(doc)
  }
}

function assignment({ hosts, systems }: Gateway): JsonObject {
  return { systems: systems === null ? null : [...systems], hosts: [...hosts] }
}
