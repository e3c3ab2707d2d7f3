// Holds what is remembered of a batch that was made durable, so that the log takes exactly that and nothing else in its place.

import { fault } from './faults.ts'
import { comparePositions, segmentName, type Position } from './segment.ts'

/** One batch of the spool as the process that wrote it knows it. */
export interface DurableBatch {
  /** Where it ends: the end of the durable spool. */
  readonly position: Position
  /** SHA-256 of its bytes as they were written, head included, base64url. */
  readonly digest: string
}

/**
 * Batches that were acknowledged and are not in the log yet, the oldest first. A checksum shows what a disk did to a file; this shows
 * what somebody did who can compute checksums. As long as the process lives, that is: after a crash the file is all there is.
 * The spool's backlog bounds it.
 */
export class DurableBatches {
  readonly #batches: DurableBatch[] = []

  /** Remembers the next ones. */
  add(batches: readonly DurableBatch[]): void {
    for (const batch of batches) this.#batches.push(batch)
  }

  /** Forgets those that end at `position` or before. */
  pass(position: Position): void {
    const first = this.#batches.findIndex((one) => comparePositions(one.position, position) > 0)
    this.#batches.splice(0, first === -1 ? this.#batches.length : first)
  }

  /** All that is remembered, for somebody else to remember. */
  drain(): DurableBatch[] {
    return this.#batches.splice(0)
  }

  /**
   * Takes note that a batch was read that ends at `position`. Throws `audit.corrupt` where it is another than was written there. What no
   * process of now has written, what a crash left, is taken as it stands.
   */
  read(position: Position, digest: () => string): void {
    const [next] = this.#batches
    if (next === undefined) return
    const order = comparePositions(position, next.position)
    if (order < 0) return
    if (order > 0 || digest() !== next.digest) {
      const { segment, offset } = next.position
      const place = `spool/${segmentName(segment)} before byte ${offset}`
      throw fault('audit.corrupt', `${place}: it is not what was acknowledged`)
    }
    this.#batches.shift()
  }
}
