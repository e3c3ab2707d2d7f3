// Holds what a passkey stands for where a person alone lifts a lock: that it is them, and nobody who has only their key.

import type { Lock } from '../../store/rows/lock.ts'
import type { Person } from '../../store/rows/person.ts'

/** How long somebody counts as present after they touched a passkey (ms). */
const PRESENT_MS = 300_000

/** When somebody last showed that they are there, and with which of their passkeys. */
export interface Shown {
  /** Credential id. */
  readonly passkey: string
  /** ms since the epoch. */
  readonly at: number
}

/**
 * What a person alone owes for a lock. `none`: they had no passkey when it was made. `shown`: one from before it, just now. `owed`: they
 * have such a one, and did not. `lost`: they had one and have none of those any more; a new one says nothing, since whoever has their key can make it.
 */
export type Presence = 'none' | 'shown' | 'owed' | 'lost'

/** Those of these people who have a passkey, by their id. */
export function keyed(able: readonly string[], people: readonly Person[]): readonly string[] {
  const have = new Set(
    people.filter(({ passkeys = [] }) => passkeys.length > 0).map(({ id }) => id),
  )
  return able.filter((id) => have.has(id))
}

/** What a person owes for lifting a lock alone. */
export function presenceFor(
  lock: Pick<Lock, 'at' | 'keyed'>,
  { id, passkeys = [] }: Pick<Person, 'id' | 'passkeys'>,
  shown: Shown | undefined,
  now: number,
): Presence {
  if (lock.keyed?.includes(id) !== true) return 'none'
  const old = passkeys.filter(({ createdAt }) => createdAt <= lock.at)
  if (old.length === 0) return 'lost'
  if (shown === undefined || !old.some((one) => one.id === shown.passkey)) return 'owed'
  const age = now - shown.at
  return age >= 0 && age < PRESENT_MS ? 'shown' : 'owed'
}
