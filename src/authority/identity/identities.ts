// Holds identities: enrolling instances, renewing and ending them, and telling who is behind a certificate.

import type { JsonObject } from '../../std/json.ts'
import { DISTRICT_SELECTOR, type Actor, type Composition } from '../../wire/actor.ts'
import type { EnrolRequest, IssuedIdentity } from '../../wire/identity.ts'
import type { JoinTokenRow } from '../../store/rows/join-token.ts'
import type { Held } from '../../store/signed-table.ts'
import { AttestedEntry, type AttestedRequest } from './attested-entry.ts'
import { checkedClaims } from './attest/attested.ts'
import { composed } from './composed.ts'
import { checkRequest } from './csr.ts'
import { Endings, type Ending } from './ending.ts'
import { Enrolment, MAX_CERTIFICATES, type Newcomer } from './enrolment.ts'
import { fault } from './faults.ts'
import { JoinTokens, type IssuedJoinToken } from './join-token.ts'
import type { IdentityPorts } from './ports.ts'
import { Registrations } from './registrations.ts'
import { actorOf, standing } from './standing.ts'
import { LiveView, type LiveInstance } from './view.ts'

const HOUR = 3_600_000
const REMOVED = 'its registration was removed'

/** A live instance, for people to see. */
export interface InstanceView {
  readonly instance: string
  readonly agent: string
  readonly spiffeId: string
  readonly delegation?: string
  /** ms since the epoch. */
  readonly createdAt: number
  readonly lifeEnds: number
  readonly attested?: LiveInstance['attested']
  readonly composition?: LiveInstance['composition']
  /** Id of the instance that the same workload was before. */
  readonly replaces?: string
  /** When its longest certificate ends; the end of its life where it has none. */
  readonly certificateEnds: number
}

/** The identity service of one trust domain. */
export class Identities {
  readonly #ports: IdentityPorts
  readonly #view = new LiveView()
  readonly #tokens: JoinTokens
  readonly #endings: Endings
  readonly #enrolment: Enrolment
  readonly #attested: AttestedEntry
  /** What makes attested workloads instances. */
  readonly registrations: Registrations
  /** Instances that are being renewed right now. */
  readonly #renewing = new Set<string>()

  private constructor(ports: IdentityPorts, registrations: Registrations) {
    this.#ports = ports
    this.#tokens = new JoinTokens(ports)
    this.#endings = new Endings(ports, this.#view, this.#tokens)
    this.#enrolment = new Enrolment(ports, this.#view, this.#endings)
    this.registrations = registrations
    this.#attested = new AttestedEntry(ports, this.#view, this.#enrolment, registrations)
    registrations.onRemoved(({ id }) => {
      this.endWhere(({ attested }) => attested?.registration === id, REMOVED)
    })
  }

  /** Opens the service over what the store holds. What ended while nobody was looking ends now. */
  static async open(ports: IdentityPorts): Promise<Identities> {
    const sourceOf = ports.sourceOf ?? (() => undefined)
    const registrations = await Registrations.load({ ...ports, sourceOf })
    const identities = new Identities(ports, registrations)
    await identities.#tokens.load()
    await identities.#endings.load()
    // What was ended by a removal is recorded one by one: those whose turn a crash took are ended here.
    identities.endWhere(({ attested }) => {
      const { registration } = attested ?? {}
      return registration !== undefined && registrations.get(registration) === undefined
    }, REMOVED)
    return identities
  }

  /** Who is behind a certificate (SHA-256 of its DER, lower-case hex): asked at every call, answered from memory. */
  actorOf(fingerprint: string): Actor | undefined {
    return actorOf(this.#view, this.#ports, fingerprint)
  }

  /** The instance with this id, while it is live. */
  live(id: string): LiveInstance | undefined {
    return this.#view.instance(id)
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
      certificateEnds:
        certificates.size === 0
          ? instance.lifeEnds
          : Math.max(...[...certificates.values()].map((one) => one.notAfter)),
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
    /** What of the person's authority the instance gets; absent: nothing narrows. */
    readonly scope?: readonly string[]
    /** How many agents may follow below it; absent: none. */
    readonly depth?: number
    /** Task id: the only one that the instance may work on; absent: whichever is open. */
    readonly task?: string
    /** The instance that is to be followed: what a person took away does not come back by itself (INV-5). */
    readonly replaces?: string
    /** True where whoever asks starts the instance in a district of its own. */
    readonly district?: boolean
  }): Promise<IssuedJoinToken> {
    const { registry, delegations, clock } = this.#ports
    const agent = registry.agentOf(of.agent)
    if (agent === undefined) throw fault('identity.unknown_agent', 'there is no such agent')
    if (agent.state !== 'active') throw fault('identity.agent_inactive', 'the agent is not active')
    if (registry.personOf(of.by) === undefined) {
      throw fault('identity.unknown_person', 'whoever asks is not a person here')
    }
    if (of.replaces !== undefined && (await this.#endings.wasRevoked(of.replaces))) {
      throw fault('attest.revoked', 'a person took the instance away that this would follow')
    }
    const district = of.district === true ? { district: true } : {}
    if (of.person === undefined) {
      if (agent.unattended) return this.#tokens.issue({ agent: of.agent, by: of.by, ...district })
      throw fault('identity.attended', 'this agent does not act without a person')
    }
    if (of.person !== of.by) {
      throw fault('identity.not_yours_to_delegate', "nobody passes on another person's authority")
    }
    const expiresAt = clock.now() + this.#enrolment.life + HOUR
    const { id } = await delegations.create({
      person: of.person,
      agent: of.agent,
      ...(of.scope === undefined ? {} : { scope: of.scope }),
      ...(of.depth === undefined ? {} : { depth: of.depth }),
      ...(of.task === undefined ? {} : { task: of.task }),
      expiresAt,
    })
    return this.#tokens.issue({ agent: of.agent, by: of.by, delegation: id, ...district })
  }

  /** Enrols an instance: a join token and a request become a certificate, once, recorded first. */
  async enrol(request: EnrolRequest): Promise<IssuedIdentity> {
    const { publicKey } = checkRequest(request.csr)
    const claimed = checkedClaims(request.composition ?? {})
    return this.#tokens.use(request.token, (held) =>
      this.#enrolment.withKey(publicKey, () => this.#enrol(held, publicKey, composed(claimed))),
    )
  }

  /** Enrols an attested workload as an instance of the agent whose registration its evidence satisfies. */
  enrolAttested(request: AttestedRequest): Promise<IssuedIdentity> {
    return this.#attested.enrol(request)
  }

  /** Gives a live instance another certificate on fresh evidence; its absolute life stays where it is. */
  reattest(
    request: Omit<AttestedRequest, 'composition'> & { readonly instance: string },
  ): Promise<IssuedIdentity> {
    return this.#attested.reattest(request)
  }

  /** Makes an instance that is known by tokens alone, by a person's consent or by a delegation. */
  async enrolKeyless(of: {
    readonly agent: string
    readonly delegation?: string
    readonly attested: {
      readonly attestor: 'consent' | 'delegation'
      readonly selectors: readonly string[]
    }
  }): Promise<{ readonly instance: string }> {
    const attested = { ...of.attested, at: this.#ports.clock.now() }
    const { id } = await this.#enrolment.admitKeyless({ ...of, attested }, () => Promise.resolve())
    return { instance: id }
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
      return await this.#enrolment.withKey(publicKey, () =>
        this.#enrolment.renew(instance, publicKey, { replaces: of.certificate }),
      )
    } finally {
      this.#renewing.delete(instance.id)
    }
  }

  /** A person takes an instance's identity away. In force when this is called, recorded when it resolves. */
  async revokeInstance(id: string, reason: string, person: string): Promise<void> {
    await this.#endings.end(id, { state: 'revoked', reason, person })
  }

  /** Ends every live instance that a test picks: in force when this returns, recorded soon after. */
  endWhere(picked: (instance: LiveInstance) => boolean, reason: string): void {
    this.#endings.endWhere(picked, reason)
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

  /** The instance behind a join token is new; marks the token as used with it. */
  async #enrol(
    held: Held<JoinTokenRow>,
    publicKey: Uint8Array,
    composition: Composition,
  ): Promise<IssuedIdentity> {
    const { agent, delegation, id: joinToken } = held.doc
    const newcomer: Newcomer = {
      agent,
      ...(delegation === undefined ? {} : { delegation }),
      joinToken,
      attested: {
        attestor: 'join_token',
        selectors: held.doc.district === true ? [DISTRICT_SELECTOR] : [],
        at: this.#ports.clock.now(),
      },
      ...(Object.keys(composition).length === 0 ? {} : { composition }),
      facts: { joinToken },
    }
    const { answer } = await this.#enrolment.admit(
      newcomer,
      publicKey,
      async (tables, receipt, instance) => {
        const used: JoinTokenRow = { ...held.doc, state: 'used', usedBy: instance }
        await tables.joinTokens.replace(held, used, receipt)
      },
    )
    return answer
  }
}
