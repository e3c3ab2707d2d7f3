// Holds the look at records that come from the database: each is what it is filed as, and what is ours is what we recorded.

import { readRecord } from '../envelope.ts'
import { fault } from '../faults.ts'
import type { Leaf } from '../log-writer.ts'
import type { Run } from './order.ts'
import type { OwnSpool } from './own-spool.ts'

/** What the look needs. */
export interface RecogniserParts {
  readonly gateway: string
  readonly own: OwnSpool
  /** Boots of this gateway that were known before this process attached: history that its spool need not hold. */
  readonly past: ReadonlySet<string>
  /** Resolves false where the own spool has not become longer within a bound. */
  readonly longer: () => Promise<boolean>
}

/** Looks at records before they are taken into this home's log, in the order of the log. */
export class Recogniser {
  readonly #parts: RecogniserParts

  constructor(parts: RecogniserParts) {
    this.#parts = parts
  }

  /** How far this home's spool is in the log, with everything that was looked at. */
  settle(): ReturnType<OwnSpool['settle']> {
    return this.#parts.own.settle()
  }

  /**
   * Throws `audit.corrupt` for a record that is filed as another, or that stands under this gateway's name and is none of its
   * records. `strictly` also refuses what could not be read back: the log takes nothing of which that is so.
   */
  async look(runs: readonly Run[], leaves: readonly Leaf[], strictly: boolean): Promise<void> {
    let at = 0
    for (const run of runs) {
      for (let n = 0; n < run.records; n++) {
        const leaf = leaves[at++]
        if (leaf === undefined) return
        const { row } = leaf
        const says = row?.gateway === run.gateway && row.boot === run.boot
        if (!says || row.iseq !== run.iseq + n) throw changed(run, n, 'what it is filed as')
        const ours = run.gateway === this.#parts.gateway
        if (ours && !this.#isOurs(run, n, leaf)) await this.#waitForOurs(run, n, leaf)
        else if (!ours && strictly) readRecord(leaf.entry)
      }
    }
  }

  #isOurs(run: Run, n: number, leaf: Leaf): boolean {
    const match = this.#parts.own.match(run.boot, run.iseq + n, leaf.entry)
    if (match === 'other') throw changed(run, n, 'what this gateway recorded')
    if (match === 'same') return true
    if (!this.#parts.past.has(run.boot)) return false
    this.#parts.own.pass(run.boot, run.iseq + n)
    return true
  }

  /** The database can be faster than the word that the own spool has become longer. */
  async #waitForOurs(run: Run, n: number, leaf: Leaf): Promise<void> {
    while (await this.#parts.longer()) if (this.#isOurs(run, n, leaf)) return
    throw changed(run, n, 'what this gateway recorded')
  }
}

function changed(run: Run, n: number, what: string): Error {
  const who = `number ${run.iseq + n} of gateway ${run.gateway}, boot ${run.boot}`
  return fault('audit.corrupt', `record ${run.idx + n} (${who}) in the database is not ${what}`)
}
