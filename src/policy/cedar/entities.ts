// Holds the entities of one question: what stands above each, and its attributes and tags.

import type { Uid } from './uid.ts'
import type { CedarRecord } from './value.ts'

/** An entity. */
export interface Entity {
  readonly uid: Uid
  /** Keys of everything above it, however far; not its own. */
  readonly above: { has(key: string): boolean } & Iterable<string>
  readonly attributes: CedarRecord
  readonly tags: CedarRecord
}

/** Entities by the key of their uid. One that is not there has nothing above it, and no attribute can be read. */
export interface Entities {
  get(key: string): Entity | undefined
}

/** Cedar's `in` between two entities: the same, or above. */
export function isIn(entities: Entities, one: Uid, other: Uid): boolean {
  return one.key === other.key || entities.get(one.key)?.above.has(other.key) === true
}
