// Holds how attested workloads become instances: evidence, the registration that it satisfies, and what it may act for.

import type { JsonObject } from '../../std/json.ts'
import type { IssuedIdentity } from '../../wire/identity.ts'
import type { InstanceRow } from '../../store/rows/instance.ts'
import type { Registration } from '../../store/rows/registration.ts'
import { checkedClaims, type Attested } from './attest/attested.ts'
import { composed } from './composed.ts'
import { MAX_CERTIFICATES, type Enrolment, type Newcomer } from './enrolment.ts'
import { EvidenceOnce } from './evidence-once.ts'
import { fault } from './faults.ts'
import type { IdentityPorts } from './ports.ts'
import type { Registrations } from './registrations.ts'
import type { LiveView } from './view.ts'

const HOUR = 3_600_000

/** A workload that asks for an identity. */
export interface AttestedRequest {
  readonly attested: Attested
  /** SubjectPublicKeyInfo, DER; possession is shown already. */
  readonly publicKey: Uint8Array
  /** What it says of itself; claimed, unless the registration takes the element from the evidence. */
  readonly composition?: Readonly<Record<string, string>>
  /** Id of the instance that it was before. Lineage for the record: it gives nothing. */
  readonly replaces?: string
}

/** Admits attested workloads. */
export class AttestedEntry {
  readonly #ports: IdentityPorts
  readonly #view: LiveView
  readonly #enrolment: Enrolment
  readonly #registrations: Registrations
  readonly #once: EvidenceOnce

  constructor(
    ports: IdentityPorts,
    view: LiveView,
    enrolment: Enrolment,
    registrations: Registrations,
  ) {
    this.#ports = ports
    this.#view = view
    this.#enrolment = enrolment
    this.#registrations = registrations
    this.#once = new EvidenceOnce(ports.store)
  }

  /** Makes a new instance of the agent whose registration the evidence satisfies. Evidence that counts once is used up. */
  async enrol(request: AttestedRequest): Promise<IssuedIdentity> {
    const { attested, publicKey } = request
    const claimed = checkedClaims(request.composition ?? {})
    const registration = this.#registrations.match(attested)
    this.#checkAgent(registration)
    return this.#enrolment.withKey(publicKey, () =>
      this.#once.use(attested.once, async (mark) => {
        const replaces = await this.#lineage(request.replaces, attested, registration)
        const delegation = await this.#delegation(registration)
        const composition = composed(claimed, registration, attested)
        const until = Math.min(registration.expiresAt ?? Infinity, attested.until ?? Infinity)
        const newcomer: Newcomer = {
          agent: registration.agent,
          ...(delegation === undefined ? {} : { delegation }),
          ...(replaces === undefined ? {} : { replaces }),
          attested: this.#vouched(attested, registration),
          ...(Object.keys(composition).length === 0 ? {} : { composition }),
          ...(until === Infinity ? {} : { until }),
          facts: { registration: registration.id, source: attested.source, ...usedUp(attested) },
          stillHolds: () => this.#registrations.stands(registration),
        }
        return (await this.#enrolment.admit(newcomer, publicKey, mark)).answer
      }),
    )
  }

  /**
   * Gives an instance another certificate because fresh evidence says that it is still the same workload. Its absolute life is not
   * moved: past it, a new instance has to be made.
   */
  async reattest(
    request: Pick<AttestedRequest, 'attested' | 'publicKey'> & { readonly instance: string },
  ): Promise<IssuedIdentity> {
    const { attested, publicKey } = request
    const live = this.#view.instance(request.instance)
    if (live === undefined) throw fault('identity.gone', 'the instance is no longer live')
    if (this.#ports.clock.now() >= live.lifeEnds) {
      throw fault('identity.life_over', 'the instance has reached the end of its life')
    }
    const registration = this.#registrations.match(attested)
    const { registration: id, subject = attested.subject } = live.attested ?? {}
    if (registration.id !== id || subject !== attested.subject) {
      throw fault('attest.unregistered', 'the workload is no longer what it was registered as')
    }
    this.#checkAgent(registration)
    return this.#enrolment.withKey(publicKey, () =>
      this.#once.use(attested.once, async (mark) => {
        const facts = { attestor: attested.attestor, ...usedUp(attested) }
        const answer = await this.#enrolment.renew(live, publicKey, facts, mark)
        // The workload has just shown that it is itself: what it had longest makes room.
        while (live.certificates.size > MAX_CERTIFICATES) this.#view.dropOldest(live)
        return answer
      }),
    )
  }

  #checkAgent({ agent }: Registration): void {
    if (this.#ports.registry.agentOf(agent)?.state !== 'active') {
      throw fault('identity.agent_inactive', 'the agent is not active')
    }
  }

  /** What is kept: which facts counted, and which one workload it was. The others are nobody's business. */
  #vouched(
    { attestor, source, subject }: Attested,
    { id, selectors }: Registration,
  ): NonNullable<InstanceRow['attested']> {
    const at = this.#ports.clock.now()
    return { attestor, source, registration: id, selectors, subject, at }
  }

  /**
   * The instance that the workload says it was, where that is so: same registration, same workload, no longer live. An instance that
   * a person revoked does not come back by itself (INV-5): a workload that honestly says so is refused.
   */
  async #lineage(
    id: string | undefined,
    { subject }: Attested,
    registration: Registration,
  ): Promise<string | undefined> {
    if (id === undefined || this.#view.instance(id) !== undefined) return undefined
    const before = (await this.#ports.store.instances.get(id))?.doc
    const { attested } = before ?? {}
    if (attested?.registration !== registration.id || attested.subject !== subject) return undefined
    if (await this.#enrolment.wasRevoked(id)) {
      throw fault('attest.revoked', 'a person took the identity of this workload away')
    }
    return id
  }

  async #delegation(registration: Registration): Promise<string | undefined> {
    const { agent, person, scope, expiresAt = Infinity } = registration
    if (person === undefined) return undefined
    const { clock, delegations, registry } = this.#ports
    if (registry.personOf(person) === undefined) {
      throw fault('identity.unknown_person', 'whoever it acts for is no longer a person here')
    }
    const { id } = await delegations.create({
      person,
      agent,
      ...(scope === undefined ? {} : { scope }),
      expiresAt: Math.min(clock.now() + this.#enrolment.life + HOUR, expiresAt),
    })
    return id
  }
}

/** What the record says was used up: a hash, so that a database that is older than the log learns of it (INV-13). */
function usedUp({ once }: Attested): JsonObject {
  return once === undefined ? {} : { evidence: { id: once.id, expiresAt: once.expiresAt } }
}
