// Holds up to when each administrator has seen the changes of who governs.

import { rfc3339 } from '../../std/clock.ts'
import type { GovernanceSeen } from '../../store/rows/governance.ts'
import type { Held } from '../../store/signed-table.ts'
import type { AuthorityPorts } from '../ports.ts'
import { Turns } from '../turns.ts'

type Ports = Pick<AuthorityPorts, 'audit' | 'store' | 'clock'>

/** Who has seen what. */
export class Seen {
  readonly #ports: Ports
  readonly #turns = new Turns()
  readonly #held = new Map<string, Held<GovernanceSeen>>()

  private constructor(ports: Ports) {
    this.#ports = ports
  }

  static async load(ports: Ports): Promise<Seen> {
    const seen = new Seen(ports)
    for (const held of await ports.store.governanceSeen.all()) seen.#held.set(held.doc.person, held)
    return seen
  }

  /** Up to when a person (an id) has seen them (ms since the epoch). */
  until(person: string): number {
    return this.#held.get(person)?.doc.until ?? 0
  }

  /** A person says that they have seen everything up to a time, which is on record. Time never goes back, nor beyond now. */
  mark(person: string, wanted: number): Promise<void> {
    return this.#turns.run(async () => {
      const { audit, store, clock } = this.#ports
      const until = Math.min(wanted, clock.now())
      if (until <= this.until(person)) return
      const receipt = await audit.append({
        type: 'governance.seen',
        phase: 'admin',
        person,
        body: { until: rfc3339(until) },
      })
      const doc: GovernanceSeen = { person, until }
      const before = this.#held.get(person)
      const held =
        before === undefined
          ? await store.governanceSeen.insert(doc, receipt)
          : await store.governanceSeen.replace(before, doc, receipt)
      this.#held.set(person, held)
    })
  }
}
