// Holds how a lock is lifted: one person locks, two unlock; where there is one person alone, time stands in for the second.

import { faults, type Fault } from '../../std/fault.ts'
import type { LiftRequest, Lock } from '../../store/rows/lock.ts'
import type { Person } from '../../store/rows/person.ts'
import { AUTHORITY_FAULTS } from '../faults.ts'

const fault = faults(AUTHORITY_FAULTS)

/** How long a request waits for the second person (ms). */
const LIFT_WAITS_MS = 86_400_000

/** Who may lift locks here, and how long a person who is alone has to wait (ms). */
export interface LiftRule {
  /** Everybody who may: those who are here. */
  readonly able: readonly Person[]
  readonly delayMs: number
}

/** What a person's word does: it lifts; it is kept as the first of two; or it is refused. */
export type Lift =
  | { readonly does: 'lift'; readonly alone: boolean }
  | { readonly does: 'ask'; readonly request: Omit<LiftRequest, 'reason'> }
  | { readonly does: 'refuse'; readonly why: Fault }

/**
 * Weighs a person's word on a lock. The second person has to have been here when the lock was made: nobody makes themselves a second.
 * Who is alone lifts with a second word after the delay, and the record says that they were alone.
 */
export function weigh(
  lock: Pick<Lock, 'at' | 'lift' | 'target'>,
  person: Person,
  rule: LiftRule,
  now: number,
): Lift {
  const { lift: request } = lock
  const open = request !== undefined && now - request.at < LIFT_WAITS_MS ? request : undefined
  const locked = lock.target.kind === 'person' ? lock.target.name : undefined
  const others = rule.able.filter(
    ({ id, createdAt }) => id !== person.id && id !== locked && createdAt <= lock.at,
  )
  const alone = others.length === 0
  if (locked === person.id && !alone) {
    return { does: 'refuse', why: fault('lock.second', 'nobody lifts the lock on themselves') }
  }
  if (open !== undefined && open.person !== person.id) {
    return person.createdAt <= lock.at
      ? { does: 'lift', alone: false }
      : {
          does: 'refuse',
          why: fault('lock.second', 'who confirms has to have been here before the lock was'),
        }
  }
  if (alone && rule.delayMs === 0) return { does: 'lift', alone: true }
  if (open === undefined) {
    const from = alone ? now + rule.delayMs : null
    return { does: 'ask', request: { person: person.id, at: now, from } }
  }
  // Whoever came meanwhile does not take away what time has given, nor the other way round.
  if (open.from === null || !alone) {
    return { does: 'refuse', why: fault('lock.second', 'somebody else has to confirm this') }
  }
  if (now >= open.from) return { does: 'lift', alone: true }
  return { does: 'refuse', why: fault('lock.wait', 'it is too early for a person alone') }
}
