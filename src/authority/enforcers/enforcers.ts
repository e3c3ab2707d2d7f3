// Holds the enforcers: programs of others that ask for decisions about systems of theirs and enforce them.

import type { KeyObject } from 'node:crypto'
import type { Enforcer } from '../../store/rows/enforcer.ts'
import type { Held } from '../../store/signed-table.ts'
import type { AuthorityPorts } from '../ports.ts'
import { checkedReason } from '../reason.ts'
import { checkName, unknownName } from '../registry/name.ts'
import type { Systems } from '../registry/systems.ts'
import { Turns } from '../turns.ts'
import { checkAssertion, readAssertion } from './assertion.ts'
import { enforcerFault } from './faults.ts'
import { keyOfPem, keyOfRow } from './key.ts'

export type { Enforcer }

const DAY_MS = 86_400_000
/** How long an enforcer may ask where nothing is said, and at most (ms). */
const LIFE_MS = 90 * DAY_MS
const MAX_LIFE_MS = 366 * DAY_MS
/** Systems of one enforcer. */
const MOST_SYSTEMS = 64

/** What is asked for. */
export interface EnforcerWish {
  readonly name: string
  /** PEM. */
  readonly publicKey: string
  readonly systems: readonly string[]
  /** ms since the epoch; absent: in 90 days. */
  readonly expiresAt?: number
}

/** Who asks, and why. */
interface Word {
  /** Person id. */
  readonly person: string
  readonly reason: string
}

interface Known {
  readonly held: Held<Enforcer>
  readonly key: KeyObject
}

/** The enforcers. Reading is synchronous, from memory. */
export class Enforcers {
  readonly #ports: AuthorityPorts
  readonly #systems: Pick<Systems, 'get' | 'list'>
  readonly #turns = new Turns()
  readonly #active = new Map<string, Known>()

  private constructor(ports: AuthorityPorts, systems: Pick<Systems, 'get' | 'list'>) {
    this.#ports = ports
    this.#systems = systems
  }

  /** Reads those that verify and are active. */
  static async load(
    ports: AuthorityPorts,
    systems: Pick<Systems, 'get' | 'list'>,
  ): Promise<Enforcers> {
    const enforcers = new Enforcers(ports, systems)
    for (const held of await ports.store.enforcers.all({ state: 'active' })) enforcers.#show(held)
    return enforcers
  }

  /** Those that may ask, by name. */
  list(): readonly Enforcer[] {
    const now = this.#ports.clock.now()
    return [...this.#active.values()]
      .map(({ held }) => held.doc)
      .filter(({ expiresAt }) => expiresAt > now)
      .sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** One that may ask; undefined for any other name. */
  get(name: string): Enforcer | undefined {
    const found = this.#active.get(name)?.held.doc
    return found !== undefined && found.expiresAt > this.#ports.clock.now() ? found : undefined
  }

  /** The enforcer behind an assertion. Throws `enforcer.assertion`; whether the name is known is not told. */
  identify(assertion: string, audience: string): Enforcer {
    const { name, jws } = readAssertion(assertion)
    const now = this.#ports.clock.now()
    const known = this.#active.get(name)
    if (known === undefined || known.held.doc.expiresAt <= now) {
      throw enforcerFault(
        'enforcer.assertion',
        'the assertion is not good: the key of the enforcer did not sign it',
      )
    }
    checkAssertion(jws, known.key, { audience, now })
    return known.held.doc
  }

  /** Registers one. Throws `name.invalid`, `enforcer.exists`, `enforcer.key`, `enforcer.systems` or `enforcer.ends`. */
  add(wish: EnforcerWish, { person, reason }: Word): Promise<Enforcer> {
    return this.#turns.run(async () => {
      const { audit, clock, store } = this.#ports
      const why = checkedReason(reason)
      checkName('an enforcer', wish.name)
      const key = keyOfPem(wish.publicKey)
      const systems = this.#checkedSystems(wish.systems)
      const now = clock.now()
      const expiresAt = wish.expiresAt ?? now + LIFE_MS
      if (!(expiresAt > now && expiresAt <= now + MAX_LIFE_MS)) {
        throw enforcerFault('enforcer.ends', 'an enforcer may ask for at most a year')
      }
      if ((await store.enforcers.get(wish.name)) !== undefined) {
        throw enforcerFault('enforcer.exists', `there is an enforcer \`${wish.name}\`, or was one`)
      }
      const doc: Enforcer = {
        name: wish.name,
        key,
        systems,
        state: 'active',
        by: person,
        createdAt: now,
        expiresAt,
      }
      const receipt = await audit.append({
        type: 'enforcer.added',
        phase: 'admin',
        person,
        body: {
          enforcer: doc.name,
          key,
          systems: [...systems],
          expires_at: expiresAt,
          reason: why,
        },
      })
      this.#show(await store.enforcers.insert(doc, receipt))
      return doc
    })
  }

  /** Takes one out of memory at once, and then for good. Throws `enforcer.unknown`. */
  revoke(name: string, { person, reason }: Word): Promise<Enforcer> {
    return this.#turns.run(async () => {
      const { audit, clock, store } = this.#ports
      const why = checkedReason(reason)
      const known = this.#active.get(name)
      if (known === undefined) {
        throw enforcerFault(
          'enforcer.unknown',
          `the enforcer ${unknownName(name, this.#active.keys())}`,
        )
      }
      this.#active.delete(name)
      const receipt = await audit.append({
        type: 'enforcer.revoked',
        phase: 'admin',
        person,
        body: { enforcer: name, reason: why },
      })
      const revoked = { by: person, reason: why, at: clock.now() }
      const doc: Enforcer = { ...known.held.doc, state: 'revoked', revoked }
      await store.enforcers.replace(known.held, doc, receipt)
      return doc
    })
  }

  #checkedSystems(names: readonly string[]): readonly string[] {
    const systems = [...new Set(names)].sort()
    if (systems.length === 0 || systems.length > MOST_SYSTEMS) {
      throw enforcerFault('enforcer.systems', `an enforcer has 1 to ${MOST_SYSTEMS} systems`)
    }
    const missing = systems.find((name) => this.#systems.get(name) === undefined)
    if (missing === undefined) return systems
    const known = this.#systems.list().map(({ definition }) => definition.name)
    throw enforcerFault('enforcer.systems', `the system ${unknownName(missing, known)}`)
  }

  #show(held: Held<Enforcer>): void {
    this.#active.set(held.doc.name, { held, key: keyOfRow(held.doc.key) })
  }
}
