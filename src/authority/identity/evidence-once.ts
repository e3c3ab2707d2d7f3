// Holds evidence that counts once: claimed while it is used, and marked as used together with what it was used for.

import { Fault } from '../../std/fault.ts'
import type { Tables } from '../../store/open.ts'
import type { Receipt } from '../../wire/record.ts'
import type { Attested } from './attest/attested.ts'
import { fault } from './faults.ts'
import type { IdentityPorts } from './ports.ts'

/** Marks the evidence as used, in the transaction of what it was used for. */
export type Mark = (tables: Pick<Tables, 'spent'>, receipt: Receipt) => Promise<void>

/** Evidence of which the use is remembered besides its mark; the one that was used longest ago goes first. */
const MOST_USED = 100_000

/** Lets every piece of evidence be used once. */
export class EvidenceOnce {
  readonly #store: Pick<IdentityPorts['store'], 'spent'>
  /** Evidence that somebody is using right now: at most as much as there are requests under way. */
  readonly #claimed = new Set<string>()
  /** What was used lately: a mark that is deleted by hand under us gives nothing back (INV-13). */
  readonly #used = new Set<string>()

  constructor(store: Pick<IdentityPorts['store'], 'spent'>) {
    this.#store = store
  }

  /**
   * Runs `work` while nobody else can use the evidence. Where `work` fails before its transaction, the evidence can still be used.
   * Throws `attest.replayed`. Evidence that counts more than once is not looked at.
   */
  async use<R>(once: Attested['once'], work: (mark: Mark) => Promise<R>): Promise<R> {
    if (once === undefined) return work(() => Promise.resolve())
    const { id } = once
    if (this.#claimed.has(id) || this.#used.has(id)) throw replayed()
    this.#claimed.add(id)
    try {
      // INVARIANT: read only after the claim. Nothing is recorded of evidence that was used before.
      if ((await this.#store.spent.get(id)) !== undefined) throw replayed()
      const result = await work(async (tables, receipt) => {
        try {
          await tables.spent.insert(once, receipt)
        } catch (error) {
          if (!(error instanceof Fault) || error.code !== 'store.exists') throw error
          throw replayed(error)
        }
      })
      this.#remember(id)
      return result
    } finally {
      this.#claimed.delete(id)
    }
  }

  #remember(id: string): void {
    this.#used.add(id)
    const [oldest] = this.#used
    if (this.#used.size > MOST_USED && oldest !== undefined) this.#used.delete(oldest)
  }
}

function replayed(cause?: unknown): Fault {
  return fault('attest.replayed', 'this evidence was used already', cause)
}
