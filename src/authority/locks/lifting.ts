// Holds how a lock is lifted: one person locks, two unlock; where there is one person alone, time stands in for the second.

import { rfc3339 } from '../../std/clock.ts'
import { faults, type Fault } from '../../std/fault.ts'
import type { LiftRequest, Lock } from '../../store/rows/lock.ts'
import type { Person } from '../../store/rows/person.ts'
import { AUTHORITY_FAULTS } from '../faults.ts'
import type { Presence } from './presence.ts'

const fault = faults(AUTHORITY_FAULTS)

/** How long somebody waits whom the others left alone, and how long a request counts: it outlasts every wait (ms). */
const DAY_MS = 86_400_000
const COUNTS_MS = 2 * DAY_MS
/** Roles whose holders may lift locks. */
const LIFTERS: readonly string[] = ['operator', 'administrator']
/** People whom a lock remembers as those who could lift it; who is beyond that is no second. */
const ABLE_MAX = 64

/** The people who may lift locks, by their id, sorted. */
export function lifters(
  people: readonly Person[],
  rolesOf: (person: Person) => readonly string[] = ({ roles }) => roles,
): readonly string[] {
  return people
    .filter((person) => LIFTERS.some((role) => rolesOf(person).includes(role)))
    .map(({ id }) => id)
    .sort()
    .slice(0, ABLE_MAX)
}

/** Who is there now. */
export interface LiftRule {
  /** Ids of who may lift locks at this moment and is not locked; where that is nobody, of who may. */
  readonly able: readonly string[]
  /** How long a person waits who was alone from the beginning (ms). */
  readonly delayMs: number
  /** What a passkey of theirs has to say where they are alone. */
  readonly presence?: Presence
}

/** What a person's word does: it lifts; it is kept as the first of two; or it is refused. */
export type Lift =
  | { readonly does: 'lift'; readonly alone: boolean }
  | { readonly does: 'ask'; readonly request: Omit<LiftRequest, 'reason'> }
  | { readonly does: 'refuse'; readonly why: Fault }

/** The request that waits, as long as it counts. */
export function requestOf({ lift }: Pick<Lock, 'lift'>, now: number): LiftRequest | undefined {
  return lift !== undefined && now - lift.at < COUNTS_MS ? lift : undefined
}

/**
 * Weighs a person's word on a lock. Those count who could lift it when it was made and still can, for the first word as for the second:
 * nobody makes themselves another by a new role. Who is alone says it twice, with the delay in between where they were alone from the
 * beginning, and with a day where the others have gone since, or their passkeys: nobody makes themselves alone in a hurry.
 */
export function weigh(
  lock: Pick<Lock, 'able' | 'lift'>,
  person: string,
  { able, delayMs, presence = 'none' }: LiftRule,
  now: number,
): Lift {
  const there = lock.able ?? able
  const left = there.filter((id) => able.includes(id))
  // Where nobody is left of those, the lock would stand for good.
  const count = left.length > 0 ? left : able
  if (!count.includes(person)) {
    return refuse('who lifts a lock could do so when it was made, and is not locked')
  }
  const open = requestOf(lock, now)
  const first = open !== undefined && count.includes(open.person) ? open : undefined
  if (first !== undefined && first.person !== person) return { does: 'lift', alone: false }
  const alone = count.every((id) => id === person)
  const hurried = there.every((id) => id === person) && presence !== 'lost'
  const wait = hurried ? delayMs : DAY_MS
  if (alone && wait === 0) return present(presence)
  const ask = (from: number | null): Lift => ({ does: 'ask', request: { person, at: now, from } })
  if (first === undefined) return ask(alone ? now + wait : null)
  if (!alone) return refuse('somebody else has to confirm this')
  // Others were there when it was asked: for who is alone since, time begins now.
  if (first.from === null) return ask(now + wait)
  const from = presence === 'lost' ? Math.max(first.from, first.at + DAY_MS) : first.from
  if (now >= from) return present(presence)
  const detail = `it is too early for a person alone: from ${rfc3339(from)} on`
  return { does: 'refuse', why: fault('lock.wait', detail) }
}

/** Whoever is alone and had a passkey when the lock was made lifts it with that. */
function present(presence: Presence): Lift {
  if (presence !== 'owed') return { does: 'lift', alone: true }
  const detail = 'who lifts a lock alone shows that they are there, with a passkey from before it'
  return { does: 'refuse', why: fault('lock.presence', detail) }
}

function refuse(detail: string): Lift {
  return { does: 'refuse', why: fault('lock.second', detail) }
}
