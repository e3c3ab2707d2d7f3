// Holds how attested workloads become instances: evidence, the registration that it satisfies, and what it may act for.

import { Fault } from '../../std/fault.ts'
import type { Composition, CompositionElement } from '../../wire/actor.ts'
import type { IssuedIdentity } from '../../wire/identity.ts'
import type { InstanceRow } from '../../store/rows/instance.ts'
import type { Registration } from '../../store/rows/registration.ts'
import { checkedClaims, type Attested } from './attest/attested.ts'
import { MAX_CERTIFICATES, type Enrolment } from './enrolment.ts'
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
}

/** Admits attested workloads. */
export class AttestedEntry {
  readonly #ports: IdentityPorts
  readonly #view: LiveView
  readonly #enrolment: Enrolment
  readonly #registrations: Registrations

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
  }

  /** Makes a new instance of the agent whose registration the evidence satisfies. Evidence that counts once is used up. */
  async enrol(request: AttestedRequest): Promise<IssuedIdentity> {
    const { attested, publicKey } = request
    const composition = checkedClaims(request.composition ?? {})
    const registration = this.#registrations.match(attested)
    return this.#enrolment.withKey(publicKey, async () => {
      const delegation = await this.#delegation(registration)
      const newcomer = {
        agent: registration.agent,
        ...(delegation === undefined ? {} : { delegation }),
        attested: this.#vouched(attested, registration),
        composition: composed(registration, attested, composition),
        facts: { registration: registration.id, source: attested.source },
      }
      const { answer } = await this.#enrolment.admit(
        newcomer,
        publicKey,
        async (tables, receipt) => {
          if (attested.once === undefined) return
          try {
            await tables.spent.insert(attested.once, receipt)
          } catch (error) {
            if (!(error instanceof Fault) || error.code !== 'store.exists') throw error
            throw fault('attest.replayed', 'this evidence was used already', error)
          }
        },
      )
      return answer
    })
  }

  /**
   * Gives an instance another certificate because fresh evidence says that it is still the same workload. Its absolute life is not
   * moved: past it, a new instance has to be made.
   */
  async reattest(
    request: Omit<AttestedRequest, 'composition'> & { readonly instance: string },
  ): Promise<IssuedIdentity> {
    const { attested, publicKey } = request
    const live = this.#view.instance(request.instance)
    if (live === undefined) throw fault('identity.gone', 'the instance is no longer live')
    if (this.#ports.clock.now() >= live.lifeEnds) {
      throw fault('identity.life_over', 'the instance has reached the end of its life')
    }
    const registration = this.#registrations.match(attested)
    if (registration.agent !== live.agent || registration.id !== live.attested?.registration) {
      throw fault('attest.unregistered', 'the workload is no longer what it was registered as')
    }
    if (this.#ports.registry.agentOf(live.agent)?.state !== 'active') {
      throw fault('identity.agent_inactive', 'the agent is not active')
    }
    return this.#enrolment.withKey(publicKey, async () => {
      const answer = await this.#enrolment.renew(live, publicKey, { attestor: attested.attestor })
      // The workload has just shown that it is itself: what it had longest makes room.
      while (live.certificates.size > MAX_CERTIFICATES) this.#view.dropOldest(live)
      return answer
    })
  }

  #vouched(
    { attestor, selectors }: Attested,
    { id }: Registration,
  ): NonNullable<InstanceRow['attested']> {
    return { attestor, registration: id, selectors, at: this.#ports.clock.now() }
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

/** What the instance is made of: what the evidence proves stands above what the instance says. */
function composed(
  registration: Registration,
  attested: Attested,
  claimed: Readonly<Partial<Record<CompositionElement, string>>>,
): Composition {
  const elements: Record<string, { value: string; assurance: 'attested' | 'claimed' }> = {}
  for (const [element, value] of Object.entries(claimed)) {
    elements[element] = { value, assurance: 'claimed' }
  }
  for (const [element, name] of Object.entries(registration.composition ?? {})) {
    const value = attested.facts?.[name]
    if (value !== undefined) elements[element] = { value, assurance: 'attested' }
  }
  return elements
}
