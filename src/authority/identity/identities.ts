// Holds identities: enrolling instances, renewing and ending them, and telling who is behind a certificate.

import { rfc3339 } from '../../std/clock.ts'
import { uuidv7 } from '../../std/id.ts'
import { Fault } from '../../std/fault.ts'
import type { JsonObject } from '../../std/json.ts'
import type { Actor } from '../../wire/actor.ts'
import type { EnrolRequest, IssuedIdentity } from '../../wire/identity.ts'
import { spiffeId } from '../../wire/spiffe.ts'
import type { InstanceRow } from '../../store/rows/instance.ts'
import type { JoinTokenRow } from '../../store/rows/join-token.ts'
import type { Held } from '../../store/signed-table.ts'
import { checkRequest } from './csr.ts'
import { Endings, type Ending } from './ending.ts'
import { fault } from './faults.ts'
import { issue, keyDigest, type Issuance } from './issuance.ts'
import { JoinTokens, type IssuedJoinToken } from './join-token.ts'
import type { IdentityPorts } from './ports.ts'
import { actorOf, behalf, standing } from './standing.ts'
import { LiveView, type LiveInstance } from './view.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
/** Certificates that one instance may have at once: renewed in time it has two, and some answers get lost. */
const MAX_CERTIFICATES = 8

/** A live instance, for people to see. */
export interface InstanceView {
  readonly instance: string
  readonly agent: string
  readonly spiffeId: string
  readonly delegation?: string
  /** ms since the epoch. */
  readonly createdAt: number
  readonly lifeEnds: number
  /** When its longest certificate ends. */
  readonly certificateEnds: number
}

/** The identity service of one trust domain. */
export class Identities {
  readonly #ports: IdentityPorts
  readonly #view = new LiveView()
  readonly #tokens: JoinTokens
  readonly #endings: Endings
  /** Keys that are being certified right now. */
  readonly #pendingKeys = new Set<string>()
  /** Instances that are being renewed right now. */
  readonly #renewing = new Set<string>()

  private constructor(ports: IdentityPorts) {
    this.#ports = ports
    this.#tokens = new JoinTokens(ports)
    this.#endings = new Endings(ports, this.#view, this.#tokens)
  }

  /** Opens the service over what the store holds. What ended while nobody was looking ends now. */
  static async open(ports: IdentityPorts): Promise<Identities> {
    const identities = new Identities(ports)
    await identities.#tokens.load()
    await identities.#endings.load()
    return identities
  }

  /** Who is behind a certificate (SHA-256 of its DER, lower-case hex): asked at every call, answered from memory. */
  actorOf(fingerprint: string): Actor | undefined {
    return actorOf(this.#view, this.#ports, fingerprint)
  }

  /** Told when an instance is no longer live, at once, and why. The answer stops listening. */
  onGone(listener: (instance: string, why: Ending) => void): () => void {
    return this.#endings.onGone(listener)
  }

  /** The trust bundle, as `/spiffe/bundle` publishes it. */
  bundle(): JsonObject {
    return this.#ports.roots.bundle()
  }

  /** The instances that are live now. */
  list(): readonly InstanceView[] {
    return this.#view.instances().map(({ id, certificates, ...instance }) => ({
      instance: id,
      ...instance,
      certificateEnds: Math.max(...[...certificates.values()].map((one) => one.notAfter)),
    }))
  }

  /**
   * Makes a join token for an agent. With `person` the instance will act on that person's behalf, and only that person may
   * say so; without, the agent must be registered to act unattended (INV-4).
   */
  async issueJoinToken(of: {
    readonly agent: string
    readonly person?: string
    /** Person id of who asks. */
    readonly by: string
  }): Promise<IssuedJoinToken> {
    const { registry, delegations, clock } = this.#ports
    const agent = registry.agentOf(of.agent)
    if (agent === undefined) throw fault('identity.unknown_agent', 'there is no such agent')
    if (agent.state !== 'active') throw fault('identity.agent_inactive', 'the agent is not active')
    if (registry.personOf(of.by) === undefined) {
      throw fault('identity.unknown_person', 'whoever asks is not a person here')
    }
    if (of.person === undefined) {
      if (agent.unattended) return this.#tokens.issue(of)
      throw fault('identity.attended', 'this agent does not act without a person')
    }
    if (of.person !== of.by) {
      throw fault('identity.not_yours_to_delegate', "nobody passes on another person's authority")
    }
    const expiresAt = clock.now() + this.#instanceLife + HOUR
    const { id } = await delegations.create({ person: of.person, agent: of.agent, expiresAt })
    return this.#tokens.issue({ agent: of.agent, by: of.by, delegation: id })
  }

  /** Enrols an instance: a join token and a request become a certificate, once, recorded first. */
  async enrol(request: EnrolRequest): Promise<IssuedIdentity> {
    const { publicKey } = checkRequest(request.csr)
    return this.#tokens.use(request.token, (held) =>
      this.#withKey(publicKey, () => this.#enrol(held, publicKey)),
    )
  }

  /** Renews: a live certificate, shown over mutual TLS, and a request with a new key become another certificate. */
  async renew(of: {
    /** SHA-256 of the certificate that the peer has shown, lower-case hex. */
    readonly certificate: string
    readonly csr: string
  }): Promise<IssuedIdentity> {
    const { live, refused } = standing(this.#view, this.#ports, of.certificate)
    if (refused !== undefined) throw refused
    const { publicKey } = checkRequest(of.csr)
    const { instance } = live
    if (instance.certificates.size >= MAX_CERTIFICATES || this.#renewing.has(instance.id)) {
      throw fault('identity.too_many_certificates', 'the instance renews more often than it needs')
    }
    this.#renewing.add(instance.id)
    try {
      return await this.#withKey(publicKey, () => this.#renew(instance, publicKey, of.certificate))
    } finally {
      this.#renewing.delete(instance.id)
    }
  }

  /** A person takes an instance's identity away. In force when this is called, recorded when it resolves. */
  async revokeInstance(id: string, reason: string, person: string): Promise<void> {
    await this.#endings.end(id, { state: 'revoked', reason, person })
  }

  /** The instance behind a certificate says goodbye. */
  async endOwn(certificate: string): Promise<void> {
    const { live, refused } = standing(this.#view, this.#ports, certificate)
    if (refused !== undefined) throw refused
    await this.endInstance(live.instance.id, 'the instance ended itself')
  }

  /** Ends an instance that has done its work. */
  async endInstance(id: string, reason: string): Promise<void> {
    await this.#endings.end(id, { state: 'ended', reason })
  }

  /** Stops looking at the clock; resolves when what was being written is written. */
  async close(): Promise<void> {
    await this.#endings.close()
  }

  get #instanceLife(): number {
    return this.#ports.instanceLife ?? DAY
  }

  async #enrol(held: Held<JoinTokenRow>, publicKey: Uint8Array): Promise<IssuedIdentity> {
    const { audit, clock, delegations, entropy, registry, roots, store } = this.#ports
    const { agent, delegation, id: joinToken } = held.doc
    if (registry.agentOf(agent)?.state !== 'active') {
      throw fault('identity.agent_inactive', 'the agent is not active')
    }
    const found = behalf(this.#ports, delegation === undefined ? { agent } : { agent, delegation })
    if (found instanceof Fault) throw found
    const createdAt = clock.now()
    const row: InstanceRow = {
      id: uuidv7(clock, entropy),
      agent,
      ...(delegation === undefined ? {} : { delegation }),
      joinToken,
      state: 'live',
      createdAt,
      lifeEnds: createdAt + this.#instanceLife,
    }
    const issuance = this.#issue(row, publicKey)
    const receipt = await audit.append({
      type: 'instance.enrolled',
      phase: 'lifecycle',
      agent,
      instance: row.id,
      ...(found === 'unattended' ? {} : { person: found.person }),
      body: {
        ...issuance.facts,
        joinToken,
        lifeEnds: rfc3339(row.lifeEnds),
        ...(delegation === undefined ? { unattended: true } : { delegation }),
      },
    })
    // A crash before this commits leaves a record of a certificate that nobody has got, and a token that still can be used.
    await store.atomically(async (tables) => {
      const used: JoinTokenRow = { ...held.doc, state: 'used', usedBy: row.id }
      await tables.joinTokens.replace(held, used, receipt)
      await tables.instances.insert(row, receipt)
      await tables.certificates.insert(issuance.row, receipt)
    })
    const named = { kind: 'instance', domain: roots.trustDomain, agent, instance: row.id } as const
    const { joinToken: _used, state: _state, ...live } = row
    const instance = this.#view.add({ ...live, spiffeId: spiffeId(named) })
    const answer = this.#deliver(instance, issuance)
    // A crash or failure here leaves an instance whose delegation is not its own: it is nobody, and ends within the hour.
    if (delegation !== undefined) await delegations.bind(delegation, row.id)
    return answer
  }

  async #renew(
    instance: LiveInstance,
    publicKey: Uint8Array,
    replaces: string,
  ): Promise<IssuedIdentity> {
    const { audit, store } = this.#ports
    const issuance = this.#issue(instance, publicKey)
    const receipt = await audit.append({
      type: 'instance.renewed',
      phase: 'lifecycle',
      agent: instance.agent,
      instance: instance.id,
      body: { ...issuance.facts, replaces },
    })
    await store.certificates.insert(issuance.row, receipt)
    return this.#deliver(instance, issuance)
  }

  /** Puts a stored certificate into the view; only then is it handed out. */
  #deliver(instance: LiveInstance, { row, answer }: Issuance): IssuedIdentity {
    if (!this.#view.certify({ ...row, instance })) {
      throw fault('identity.gone', 'the instance was ended meanwhile')
    }
    this.#endings.watch()
    return answer
  }

  #issue(
    instance: Pick<InstanceRow, 'id' | 'agent' | 'lifeEnds'>,
    publicKey: Uint8Array,
  ): Issuance {
    const life = this.#ports.certificateLife ?? HOUR
    return issue(this.#ports.roots, instance, publicKey, { now: this.#ports.clock.now(), life })
  }

  /** Runs `work` while nobody else certifies this key, which no certificate has had before (INV-8). */
  async #withKey<R>(publicKey: Uint8Array, work: () => Promise<R>): Promise<R> {
    const key = keyDigest(publicKey)
    const reused = () => fault('identity.key_reused', 'this key has a certificate already')
    if (this.#view.hasKey(key) || this.#pendingKeys.has(key)) throw reused()
    this.#pendingKeys.add(key)
    try {
      if ((await this.#ports.store.certificates.all({ key })).length > 0) throw reused()
      return await work()
    } finally {
      this.#pendingKeys.delete(key)
    }
  }
}
