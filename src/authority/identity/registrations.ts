// Holds the registrations: which attested facts make a workload an instance of which agent, and on whose behalf.

import { rfc3339 } from '../../std/clock.ts'
import { uuidv7 } from '../../std/id.ts'
import type { Registration } from '../../store/rows/registration.ts'
import type { Held } from '../../store/signed-table.ts'
import { isScopePattern, MAX_PATTERNS } from '../../wire/scope.ts'
import { checkedReason } from '../reason.ts'
import { Turns } from '../turns.ts'
import type { AttestorName } from './attest/attested.ts'
import { checkComposition, checkSelectors } from './attest/selectors.ts'
import { fault } from './faults.ts'
import type { IdentityPorts } from './ports.ts'
import { RegistrationIndex, type Selectable } from './registration-index.ts'

/** Registrations at once: all of them are in memory. */
const MAX_REGISTRATIONS = 100_000

/** How long one holds where nothing is said (ms): 90 days. A standing permission ends unless somebody asks again. */
const LIFE_MS = 90 * 86_400_000

/** What a person registers. */
export interface NewRegistration {
  readonly agent: string
  readonly attestor: AttestorName
  /** Name of a trust source; empty for `unix`. */
  readonly source: string
  readonly selectors: readonly string[]
  readonly composition?: NonNullable<Registration['composition']>
  /** Person id on whose behalf its instances act: only ever who registers. Absent: unattended. */
  readonly person?: string
  readonly scope?: readonly string[]
  /** ms since the epoch; absent: in 90 days. */
  readonly expiresAt?: number
}

/** What registrations need besides the identities' ports. */
export interface RegistrationPorts extends Pick<
  IdentityPorts,
  'audit' | 'clock' | 'entropy' | 'registry'
> {
  readonly store: Pick<IdentityPorts['store'], 'registrations'>
  /** The trust source of a name; undefined for none that is trusted. */
  readonly sourceOf: NonNullable<IdentityPorts['sourceOf']>
}

/** The registrations that hold. Reading is synchronous, from memory. */
export class Registrations {
  readonly #ports: RegistrationPorts
  readonly #turns = new Turns()
  readonly #held = new Map<string, Held<Registration>>()
  readonly #index = new RegistrationIndex()
  readonly #listeners = new Set<(registration: Registration) => void>()

  private constructor(ports: RegistrationPorts) {
    this.#ports = ports
  }

  /** Reads every active registration that verifies. */
  static async load(ports: RegistrationPorts): Promise<Registrations> {
    const registrations = new Registrations(ports)
    for (const held of await ports.store.registrations.all({ state: 'active' })) {
      registrations.#show(held)
    }
    return registrations
  }

  /** All that are active, oldest first. */
  list(): readonly Registration[] {
    return [...this.#held.keys()].sort().map((id) => this.#held.get(id)!.doc)
  }

  get(id: string): Registration | undefined {
    return this.#held.get(id)?.doc
  }

  /**
   * True for a registration that has not ended, whose agent has not retired, and whose trust source is still the one that it was
   * made for. That of a suspended agent holds: its workloads get nothing, and become nobody else meanwhile.
   */
  holds(one: Registration, now: number): boolean {
    if (one.expiresAt !== undefined && one.expiresAt <= now) return false
    const state = this.#ports.registry.agentOf(one.agent)?.state
    if (state === undefined || state === 'retired') return false
    if (one.attestor === 'unix') return true
    const source = this.#ports.sourceOf(one.source)
    return source?.attestor === one.attestor && source.createdAt <= one.createdAt
  }

  /** True while it has not been removed, and holds. */
  stands(one: Registration): boolean {
    return this.#held.has(one.id) && this.holds(one, this.#ports.clock.now())
  }

  /** Told when a registration was removed: what enrolled by it ends with it. */
  onRemoved(listener: (registration: Registration) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * The one registration that a workload satisfies; of several that give the same, the one with the most selectors. Throws
   * `attest.unregistered`, or `attest.ambiguous` where they differ in agent, person or scope: who somebody is and what they
   * may do is never guessed.
   */
  match(workload: Selectable): Registration {
    const now = this.#ports.clock.now()
    const found = this.#index.matching(workload).filter((one) => this.holds(one, now))
    const [first] = found
    if (first === undefined) {
      throw fault('attest.unregistered', 'no registration has selectors that this workload has')
    }
    if (found.some((one) => !sameAuthority(one, first))) {
      throw fault(
        'attest.ambiguous',
        'this workload has the selectors of more than one agent, or of one with different authority',
      )
    }
    return found.reduce((best, one) => (one.selectors.length > best.selectors.length ? one : best))
  }

  /** Registers. `by` is the id of who does it; nobody registers another person's authority (INV-4). */
  register(what: NewRegistration, by: string): Promise<Registration> {
    return this.#turns.run(async () => {
      this.#check(what, by)
      const { audit, clock, entropy, store } = this.#ports
      const createdAt = clock.now()
      const expiresAt = what.expiresAt ?? createdAt + LIFE_MS
      const doc = {
        id: uuidv7(clock, entropy),
        ...what,
        expiresAt,
        selectors: [...new Set(what.selectors)].sort(),
        by,
        state: 'active',
        createdAt,
      } satisfies Registration
      const receipt = await audit.append({
        type: 'registration.added',
        phase: 'admin',
        person: by,
        agent: doc.agent,
        body: {
          registration: doc.id,
          attestor: doc.attestor,
          source: doc.source,
          selectors: [...doc.selectors],
          ...(doc.composition === undefined ? {} : { composition: { ...doc.composition } }),
          ...(doc.person === undefined ? { unattended: true } : { onBehalfOf: doc.person }),
          ...(doc.scope === undefined ? {} : { scope: [...doc.scope] }),
          expiresAt: rfc3339(expiresAt),
        },
      })
      this.#show(await store.registrations.insert(doc, receipt))
      return doc
    })
  }

  /**
   * Removes one, and with it every instance that enrolled by it, which happens in memory before the row is written. An empty `person`
   * is nobody: it went with its agent.
   */
  remove(
    id: string,
    { person, reason }: { readonly person: string; readonly reason: string },
  ): Promise<Registration> {
    return this.#turns.run(async () => {
      const why = checkedReason(reason)
      const held = this.#held.get(id)
      if (held === undefined) {
        throw fault('attest.no_registration', 'there is no such registration')
      }
      const { audit, store } = this.#ports
      const receipt = await audit.append({
        type: 'registration.removed',
        phase: person === '' ? 'lifecycle' : 'admin',
        ...(person === '' ? {} : { person }),
        agent: held.doc.agent,
        body: { registration: id, reason: why },
      })
      this.#held.delete(id)
      this.#index.remove(held.doc)
      for (const listener of this.#listeners) listener(held.doc)
      const doc: Registration = { ...held.doc, state: 'removed' }
      await store.registrations.replace(held, doc, receipt)
      return doc
    })
  }

  #check(what: NewRegistration, by: string): void {
    const { registry, sourceOf, clock } = this.#ports
    const agent = registry.agentOf(what.agent)
    if (agent === undefined) throw fault('identity.unknown_agent', 'there is no such agent')
    if (this.#held.size >= MAX_REGISTRATIONS) {
      throw fault('attest.full', `there are ${MAX_REGISTRATIONS} registrations already`)
    }
    if (what.person === undefined && !agent.unattended) {
      throw fault('identity.attended', 'this agent does not act without a person')
    }
    if (what.person !== undefined && what.person !== by) {
      throw fault('identity.not_yours_to_delegate', "nobody passes on another person's authority")
    }
    const kind = what.attestor === 'unix' ? 'unix' : sourceOf(what.source)?.attestor
    if (kind !== what.attestor || (what.attestor === 'unix' && what.source !== '')) {
      throw fault('attest.source', 'there is no trust source of this name for this attestor')
    }
    checkSelectors(what.attestor, what.selectors)
    checkComposition(what.attestor, what.composition ?? {})
    const { scope } = what
    if (scope !== undefined && (scope.length > MAX_PATTERNS || !scope.every(isScopePattern))) {
      throw fault('attest.scope', 'a scope is a list of system/action, system/* or *')
    }
    if (what.expiresAt !== undefined && what.expiresAt <= clock.now()) {
      throw fault('attest.expired', 'the end of the registration is in the past')
    }
  }

  #show(held: Held<Registration>): void {
    this.#held.set(held.doc.id, held)
    this.#index.add(held.doc)
  }
}

/** True where it makes no difference which of the two somebody enrols by. */
function sameAuthority(a: Registration, b: Registration): boolean {
  const scopeOf = ({ scope }: Registration): string => JSON.stringify(scope?.toSorted() ?? null)
  return a.agent === b.agent && a.person === b.person && scopeOf(a) === scopeOf(b)
}
