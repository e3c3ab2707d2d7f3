// Holds how an instance comes to be and is certified: recorded, stored with what vouched for it, shown, and only then handed out.

import { rfc3339 } from '../../std/clock.ts'
import { uuidv7 } from '../../std/id.ts'
import { Fault } from '../../std/fault.ts'
import type { JsonObject } from '../../std/json.ts'
import type { Composition } from '../../wire/actor.ts'
import type { IssuedIdentity } from '../../wire/identity.ts'
import type { Receipt } from '../../wire/record.ts'
import { spiffeId } from '../../wire/spiffe.ts'
import type { InstanceRow } from '../../store/rows/instance.ts'
import type { Tables } from '../../store/open.ts'
import type { Endings } from './ending.ts'
import type { Mark } from './evidence-once.ts'
import { fault } from './faults.ts'
import { issue, keyDigest, type Issuance } from './issuance.ts'
import { liveCertificate } from './live-certificate.ts'
import type { IdentityPorts } from './ports.ts'
import { behalf } from './standing.ts'
import type { LiveInstance, LiveView } from './view.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
/** Certificates that one instance may have at once: renewed in time it has two, and some answers get lost. */
export const MAX_CERTIFICATES = 8

/** Who is to become an instance, and what vouches for it. */
export interface Newcomer {
  readonly agent: string
  readonly delegation?: string
  readonly joinToken?: string
  readonly attested: NonNullable<InstanceRow['attested']>
  readonly composition?: Composition
  /** Id of the instance that this workload was before. */
  readonly replaces?: string
  /** Its absolute life ends no later than this, ms since the epoch. */
  readonly until?: number
  /** What the record says besides. */
  readonly facts?: JsonObject
  /** Asked again once it is stored: what was taken away meanwhile admits nobody (INV-5). Absent: nothing can be. */
  readonly stillHolds?: () => boolean
}

/** What is stored in the same transaction as the instance: the mark that its evidence was used. */
export type Within = (tables: Tables, receipt: Receipt, instance: string) => Promise<void>

/** Makes instances and certifies them. */
export class Enrolment {
  readonly #ports: IdentityPorts
  readonly #view: LiveView
  readonly #endings: Endings
  /** Keys that are being certified right now. */
  readonly #pendingKeys = new Set<string>()

  constructor(ports: IdentityPorts, view: LiveView, endings: Endings) {
    this.#ports = ports
    this.#view = view
    this.#endings = endings
  }

  /** Absolute life of an instance that comes now (ms). */
  get life(): number {
    return this.#ports.instanceLife ?? DAY
  }

  /** True for an instance that was itself taken away, and not what it came by. */
  wasRevoked(id: string): Promise<boolean> {
    return this.#endings.wasRevoked(id)
  }

  /** Makes an instance with its first certificate. `publicKey` is the SubjectPublicKeyInfo of a checked request. */
  async admit(
    newcomer: Newcomer,
    publicKey: Uint8Array,
    within: Within,
  ): Promise<{ readonly instance: LiveInstance; readonly answer: IssuedIdentity }> {
    const row = this.#row(newcomer)
    const issuance = this.#issue(row, publicKey)
    const instance = await this.#store(row, newcomer, issuance, within)
    if (newcomer.stillHolds?.() === false) {
      this.#endings.withdraw(row.id, 'what it enrolled by was taken away while it enrolled')
      throw fault('identity.gone', 'what this workload enrols by was taken away meanwhile')
    }
    const answer = this.#deliver(instance, issuance)
    await this.#bind(row)
    return { instance, answer }
  }

  /** Makes an instance that is known by tokens alone: it has no certificate, and ends with its absolute life. */
  async admitKeyless(newcomer: Newcomer, within: Within): Promise<LiveInstance> {
    const row = this.#row(newcomer)
    const instance = await this.#store(row, newcomer, undefined, within)
    this.#endings.watch()
    await this.#bind(row)
    return instance
  }

  /** Gives a live instance another certificate. `facts` say in the record what it was given for; `within` joins the transaction. */
  async renew(
    instance: LiveInstance,
    publicKey: Uint8Array,
    facts: JsonObject,
    within?: Mark,
  ): Promise<IssuedIdentity> {
    const issuance = this.#issue(instance, publicKey)
    const receipt = await this.#ports.audit.append({
      type: 'instance.renewed',
      phase: 'lifecycle',
      agent: instance.agent,
      instance: instance.id,
      body: { ...issuance.facts, ...facts },
    })
    const { store } = this.#ports
    if (within === undefined) await store.certificates.insert(issuance.row, receipt)
    else {
      await store.atomically(async (tables) => {
        await within(tables, receipt)
        await tables.certificates.insert(issuance.row, receipt)
      })
    }
    return this.#deliver(instance, issuance)
  }

  /** Runs `work` while nobody else certifies this key, which no certificate has had before (INV-8). */
  async withKey<R>(publicKey: Uint8Array, work: () => Promise<R>): Promise<R> {
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

  #row(newcomer: Newcomer): InstanceRow {
    const { clock, entropy, registry } = this.#ports
    const { agent, delegation, joinToken, attested, composition, replaces, until } = newcomer
    if (registry.agentOf(agent)?.state !== 'active') {
      throw fault('identity.agent_inactive', 'the agent is not active')
    }
    const found = behalf(this.#ports, delegation === undefined ? { agent } : { agent, delegation })
    if (found instanceof Fault) throw found
    const createdAt = clock.now()
    return {
      id: uuidv7(clock, entropy),
      agent,
      ...(delegation === undefined ? {} : { delegation }),
      ...(joinToken === undefined ? {} : { joinToken }),
      attested,
      ...(composition === undefined ? {} : { composition }),
      ...(replaces === undefined ? {} : { replaces }),
      state: 'live',
      createdAt,
      lifeEnds: Math.min(createdAt + this.life, until ?? Infinity),
    }
  }

  async #store(
    row: InstanceRow,
    newcomer: Newcomer,
    issuance: Issuance | undefined,
    within: Within,
  ): Promise<LiveInstance> {
    const { audit, roots, store } = this.#ports
    const { agent, delegation } = row
    const person = this.#personOf(delegation)
    const receipt = await audit.append({
      type: 'instance.enrolled',
      phase: 'lifecycle',
      agent,
      instance: row.id,
      ...(person === undefined ? {} : { person }),
      body: {
        ...issuance?.facts,
        ...newcomer.facts,
        attestor: newcomer.attested.attestor,
        selectors: [...newcomer.attested.selectors],
        ...(newcomer.attested.subject === undefined ? {} : { subject: newcomer.attested.subject }),
        ...(row.composition === undefined ? {} : { composition: plain(row.composition) }),
        ...(row.replaces === undefined ? {} : { replaces: row.replaces }),
        lifeEnds: rfc3339(row.lifeEnds),
        ...(delegation === undefined ? { unattended: true } : { delegation }),
      },
    })
    // A crash before this commits leaves a record of a certificate that nobody has got, and evidence that can still be used.
    await store.atomically(async (tables) => {
      await within(tables, receipt, row.id)
      await tables.instances.insert(row, receipt)
      if (issuance !== undefined) await tables.certificates.insert(issuance.row, receipt)
    })
    const named = { kind: 'instance', domain: roots.trustDomain, agent, instance: row.id } as const
    const { joinToken: _used, state: _state, ...live } = row
    return this.#view.add({ ...live, spiffeId: spiffeId(named) })
  }

  #personOf(delegation: string | undefined): string | undefined {
    if (delegation === undefined) return undefined
    const person = this.#ports.delegations.chainOf(delegation)?.at(-1)?.person
    return person === '' ? undefined : person
  }

  /** A crash or failure here leaves an instance whose delegation is not its own: it is nobody, and ends within the hour. */
  async #bind({ id, delegation }: InstanceRow): Promise<void> {
    if (delegation !== undefined) await this.#ports.delegations.bind(delegation, id)
  }

  /** Puts a stored certificate into the view; only then is it handed out. */
  #deliver(instance: LiveInstance, { row, answer }: Issuance): IssuedIdentity {
    // Signed before a rekey and stored after it: nobody gets it, and whoever has it from the past is gone.
    const trusted = this.#ports.roots.trusts(row.root)
    if (!trusted && instance.certificates.size === 0) {
      this.#endings.withdraw(instance.id, 'its root was distrusted while it enrolled')
    }
    if (!trusted || !this.#view.certify(liveCertificate(row, instance))) {
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
}

function plain(composition: Composition): JsonObject {
  return Object.fromEntries(
    Object.entries(composition).map(([element, { value, assurance }]) => [
      element,
      { value, assurance },
    ]),
  )
}
