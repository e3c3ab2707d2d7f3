// Holds the desk that every lock goes over, whoever set it: what it cut is noted in the turn in which it is in force, and its receipt follows.

import type { Authority } from '../authority/open.ts'
import type { Lock, LockTarget } from '../store/rows/lock.ts'
import type { LockReceipt, LockUpstream } from '../wire/lock-receipt.ts'
import { recordReceipt, waitingUnder, type LockDid, type LockReceiptParts } from './lock-receipt.ts'

const NOTHING: LockDid = { calls: 0, processes: 0, approvals: 0 }

/** What the desk works with. */
export interface LockDeskParts extends LockReceiptParts {
  readonly authority: Pick<Authority, 'agents' | 'approvals' | 'delegations' | 'locks'>
  /** What the change of locks that was told last has ended in the gateway. */
  readonly lastCut: () => Omit<LockDid, 'approvals'>
  /** Takes back what a lock reaches at systems, and tells what came of it. */
  readonly revoke: (lock: Lock) => Promise<readonly LockUpstream[]>
  readonly onTrouble: (lock: string, error: unknown) => void
}

/** The receipts of locks, each made once the lock is durable. */
export class LockDesk {
  readonly #parts: LockDeskParts
  readonly #cuts = new Map<string, LockDid>()
  readonly #receipts = new WeakMap<Lock, Promise<LockReceipt | undefined>>()
  readonly #running = new Set<Promise<unknown>>()
  readonly #stops: readonly (() => void)[]

  /** Opened after the gateway, which listens first: what it cut for this very lock is read in the same turn; approvals are void a moment later. */
  constructor(parts: LockDeskParts) {
    this.#parts = parts
    const { locks } = parts.authority
    this.#stops = [
      locks.onChange((change, { id, target }) => {
        if (change === 'removed') this.#cuts.delete(id)
        else this.#cuts.set(id, { ...parts.lastCut(), approvals: waitingUnder(parts, target) })
      }),
      locks.onKept((lock) => {
        const made = this.#make(lock)
        this.#receipts.set(lock, made)
        this.#running.add(made)
        void made.finally(() => this.#running.delete(made))
      }),
    ]
  }

  /** Locks, and waits for the receipt. Undefined where that could not be recorded: the lock is in force all the same. */
  async lock(word: {
    readonly target: LockTarget
    readonly person: string
    readonly reason: string
  }): Promise<{ readonly lock: Lock; readonly receipt: LockReceipt | undefined }> {
    const lock = await this.#parts.authority.locks.add(word)
    return { lock, receipt: await this.#receipts.get(lock) }
  }

  /** Resolves when every receipt that is being made has been. */
  async close(): Promise<void> {
    for (const stop of this.#stops) stop()
    while (this.#running.size > 0) await Promise.all(this.#running)
  }

  async #make(lock: Lock): Promise<LockReceipt | undefined> {
    const did = this.#cuts.get(lock.id) ?? NOTHING
    this.#cuts.delete(lock.id)
    try {
      const upstream = await this.#parts.revoke(lock)
      return await recordReceipt(this.#parts, lock, did, upstream)
    } catch (error) {
      // The lock is in force and on record, whatever becomes of its receipt: an error would have it made a second time.
      this.#parts.onTrouble(lock.id, error)
      return undefined
    }
  }
}
