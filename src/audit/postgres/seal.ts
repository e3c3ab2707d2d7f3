// Holds the seal on records that PostgreSQL carries: it tells what a gateway of this log sent from what anybody else put there.

import { createHmac, timingSafeEqual } from 'node:crypto'

/** Where a record stands, and what it is. */
export interface SealedPlace {
  readonly gateway: string
  readonly boot: string
  readonly iseq: number
  readonly entry: Uint8Array
}

/**
 * HMAC-SHA-256 under a key that every home of the log has and the database never sees (`LogKey.spoolKey`), over the log's name, the
 * record's place and the record: a seal is good for that record in that place of that log alone. Whoever checks it is who makes it, so
 * that it need prove nothing to strangers: what they are shown are the checkpoints.
 */
export class SpoolSeal {
  readonly #origin: string
  readonly #key: Uint8Array

  constructor(origin: string, key: Uint8Array) {
    this.#origin = origin
    this.#key = key
  }

  /** The seal of a record, 32 bytes. */
  of({ gateway, boot, iseq, entry }: SealedPlace): Buffer {
    // JSON has no line break of its own: where the place ends is no question.
    const place = `${JSON.stringify([this.#origin, gateway, boot, iseq])}\n`
    return createHmac('sha256', this.#key).update(place).update(entry).digest()
  }

  /** Whether this is the seal of that record in that place. */
  holds(place: SealedPlace, seal: Uint8Array): boolean {
    const own = this.of(place)
    return seal.length === own.length && timingSafeEqual(own, seal)
  }
}
