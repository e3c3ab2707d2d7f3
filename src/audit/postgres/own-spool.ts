// Holds the comparison of what stands in the log under this gateway's name with what this home's spool holds.

import { indexRow } from '../index-row.ts'
import { leafHash } from '../../tlog/hash.ts'
import { comparePositions, type Position } from '../segment.ts'
import { SpoolCursor } from '../spool-cursor.ts'

/** A record of this gateway as its spool holds it. */
interface Own {
  readonly boot: string
  readonly iseq: number
  readonly entry: Buffer
}

/** What a comparison found: the same record, another one, or a boot that this spool is not at. */
type Match = 'same' | 'other' | 'elsewhere'

/**
 * Walks the own spool in step with the log. Whatever PostgreSQL says this gateway recorded is compared with what it did record;
 * and where everything of a batch stands in the log, the spool behind it is not needed any more.
 */
export class OwnSpool {
  readonly #cursor: SpoolCursor
  /** How far each boot of this gateway is in the log: a batch of which part was taken before is met again. */
  readonly #taken: Map<string, number>
  #goal: Position
  /** Everything before it is in the log. */
  #position: Position
  #rest: Own[] = []

  constructor(directory: string, position: Position, taken: ReadonlyMap<string, number>) {
    this.#cursor = new SpoolCursor(directory, position)
    this.#taken = new Map(taken)
    this.#goal = position
    this.#position = position
  }

  /** How far the spool is in the log. */
  get position(): Position {
    return this.#position
  }

  /** Says how far the spool is durable. */
  noteDurable(goal: Position): void {
    if (comparePositions(goal, this.#goal) > 0) this.#goal = goal
  }

  /** Compares the next record that the log has of this gateway. Throws `audit.corrupt` where the spool is damaged. */
  match(boot: string, iseq: number, entry: Buffer): Match {
    const next = this.#next()
    if (next?.boot !== boot) return 'elsewhere'
    if (next.iseq !== iseq || !next.entry.equals(entry)) return 'other'
    this.#rest.shift()
    this.#taken.set(boot, iseq)
    if (this.#rest.length === 0) this.#position = this.#cursor.position
    return 'same'
  }

  /** Takes note of a record of this gateway that is in the log and that the spool is not at. */
  pass(boot: string, iseq: number): void {
    this.#taken.set(boot, iseq)
  }

  /** Passes what is in the log already, so that `position` says it. */
  settle(): Position {
    this.#next()
    return this.#position
  }

  close(): void {
    this.#cursor.close()
  }

  #next(): Own | undefined {
    while (this.#rest.length === 0) {
      const batch = this.#cursor.next(this.#goal)
      if (batch === undefined) {
        this.#position = this.#cursor.position
        return undefined
      }
      this.#rest = batch.map(ownRecord).filter((own) => own.iseq > (this.#taken.get(own.boot) ?? 0))
      if (this.#rest.length === 0) this.#position = this.#cursor.position
    }
    return this.#rest[0]
  }
}

/** Who wrote a record of the spool, and its place there. What the spool holds, this product sealed. */
export function ownRecord(entry: Buffer): Own & { readonly gateway: string } {
  const row = indexRow(entry, leafHash(entry))
  return { gateway: row?.gateway ?? '', boot: row?.boot ?? '', iseq: row?.iseq ?? 0, entry }
}
