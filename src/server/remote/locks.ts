// Holds a gateway's own copy of the locks: asked at every step that lets something go on, and worth nothing once it is old (INV-5).

import { LockIndex, targetText } from '../../authority/locks/target.ts'
import type { LockPort, LockView } from '../../gateway/ports.ts'
import type { Lock, LockKind } from '../../store/rows/lock.ts'
import type { Timer } from '../../std/timer.ts'
import type { Actor } from '../../wire/actor.ts'
import type { LinkLock } from '../../wire/lock.ts'

/** How often it is looked at whether the view has become too old (ms). */
const LOOK_MS = 100

/** What of a call goes on for how long where control is not heard (ms). */
export interface Leases {
  readonly otherwise: number
  /** Calls that do nothing but read. */
  readonly reads: number
}

/** What the view stands on. */
export interface LocksParts {
  readonly ageMs: () => number
  readonly leases: Leases
  /** True for an action that is known to do nothing but read. */
  readonly reads: (system: string, action: string) => boolean
  readonly timer: Timer
  /** Told in the turn in which a lock is in force here and has ended what it denies. */
  readonly onEnforced: (lock: LinkLock) => void
}

const OVER: LockView = {
  id: 'lease',
  reason: 'control has not been heard within the lease',
  target: 'everything',
}

/** Credentials of systems are control's to know: a lock on one of them is enforced there, call by call. */
const NOTHING = (): readonly string[] => []

/** The locks that control has told of. */
export class RemoteLocks implements LockPort {
  readonly #parts: LocksParts
  readonly #listeners = new Set<() => void>()
  #index = new LockIndex()
  #cancel: () => void
  /** How many leases were over when it was looked last. */
  #over = 0

  constructor(parts: LocksParts) {
    this.#parts = parts
    const look = (): (() => void) =>
      parts.timer.after(LOOK_MS, () => {
        this.#look()
        this.#cancel = look()
      })
    this.#cancel = look()
  }

  find(actor: Actor, system: string, action: string): LockView | undefined {
    if (!(this.ageMs() <= this.leaseMs(system, action))) return OVER
    const lock = this.#index.find(actor, system, action, NOTHING)
    return lock === undefined ? undefined : { ...lock, target: targetText(lock.target) }
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  ageMs(): number {
    return this.#parts.ageMs()
  }

  leaseMs(system: string, action: string): number {
    const { leases, reads } = this.#parts
    // A process may carry calls that read: it goes on for as long as any of them might.
    return action === '' || reads(system, action) ? leases.reads : leases.otherwise
  }

  /** What control holds now, in place of what was known. */
  replace(locks: readonly LinkLock[]): void {
    this.#index = new LockIndex()
    for (const lock of locks) this.#index.add(asLock(lock))
    this.#tell()
  }

  /** A lock that control has set or lifted. */
  change(change: 'added' | 'removed', lock: LinkLock): void {
    if (change === 'removed') this.#index.remove(asLock(lock))
    else this.#index.add(asLock(lock))
    this.#tell()
    if (change === 'added') this.#parts.onEnforced(lock)
  }

  close(): void {
    this.#cancel()
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }

  /** Ends what goes on no longer, once for each lease that is over. */
  #look(): void {
    const { leases } = this.#parts
    const age = this.ageMs()
    const over = [leases.otherwise, leases.reads].filter((lease) => !(age <= lease)).length
    if (over > this.#over) this.#tell()
    this.#over = over
  }
}

function asLock({ id, kind, name, reason }: LinkLock): Lock {
  const target = { kind: kind as LockKind, name }
  return { id, target, reason, person: '', at: 0, state: 'active' }
}
