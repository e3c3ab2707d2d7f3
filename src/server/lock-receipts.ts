// Holds the receipts of locks as they are set, whoever sets them: a person, a finding, a signal of somebody else.

import type { Flights } from '../gateway/flights.ts'
import type { Authority } from '../authority/open.ts'
import type { Lock } from '../store/rows/lock.ts'
import type { LockReceipt } from '../wire/lock-receipt.ts'
import { recordReceipt, waitingUnder, type LockDid, type LockReceiptParts } from './lock-receipt.ts'

/** What receipts are made from as locks are set. */
export interface LockReceiptsParts extends LockReceiptParts {
  readonly authority: LockReceiptParts['authority'] & Pick<Authority, 'locks'>
  readonly flights: Pick<Flights, 'lastCut'>
  /** Told of a receipt that could not be recorded: the lock is in force all the same. */
  readonly onTrouble: (error: unknown) => void
}

const NOTHING: LockDid = { calls: 0, processes: 0, approvals: 0 }

/** Records what each lock did here, once it is durable. */
export class LockReceipts {
  readonly #parts: LockReceiptsParts
  /** What was cut for locks that are not durable yet. */
  readonly #cuts = new Map<string, LockDid>()
  readonly #recording = new Map<string, Promise<LockReceipt | undefined>>()
  readonly #stops: readonly (() => void)[]

  /** Made after the gateway, which listens first: what it cut for this very lock is read in the same turn. */
  constructor(parts: LockReceiptsParts) {
    this.#parts = parts
    const { locks } = parts.authority
    this.#stops = [
      locks.onChange((change, { id, target }) => {
        if (change !== 'added') return void this.#cuts.delete(id)
        // Approvals are void a moment later.
        const approvals = waitingUnder(parts, target)
        this.#cuts.set(id, { ...parts.flights.lastCut, approvals })
      }),
      locks.onDurable((lock) => this.#record(lock)),
    ]
  }

  /** The receipt of a lock that was set a moment ago; undefined where it cannot be recorded. */
  of(id: string): Promise<LockReceipt | undefined> {
    return this.#recording.get(id) ?? Promise.resolve(undefined)
  }

  /** Hears of no more locks; resolves when what was under way is recorded. */
  async close(): Promise<void> {
    for (const stop of this.#stops) stop()
    await Promise.all(this.#recording.values())
  }

  #record(lock: Lock): void {
    const did = this.#cuts.get(lock.id) ?? NOTHING
    this.#cuts.delete(lock.id)
    const recorded = recordReceipt(this.#parts, lock, did).catch((error: unknown) => {
      this.#parts.onTrouble(error)
      return undefined
    })
    this.#recording.set(lock.id, recorded)
    // Whoever set it asks in the turns to come; the record has it from then on.
    void recorded.finally(() => setImmediate(() => this.#recording.delete(lock.id)))
  }
}
