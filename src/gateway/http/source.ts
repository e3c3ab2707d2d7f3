// Holds the bytes of a request's body as they come: pulled one piece at a time, so that who reads slowly slows the sender down.

import type { IncomingMessage } from 'node:http'
import { systemTimer, type Timer } from '../../std/timer.ts'
import { gatewayFault } from '../faults.ts'

/** How long the next piece may take (ms). */
const IDLE_MS = 30_000

/** Pulls a body. Owned by the exchange that reads it. */
export class Source {
  readonly #chunks: AsyncIterator<Buffer>
  readonly #timer: Timer
  #held: Buffer | undefined

  constructor(request: IncomingMessage, timer: Timer = systemTimer) {
    // Whoever stops reading still has to answer: the connection is not to be destroyed by that.
    this.#chunks = request.iterator({ destroyOnReturn: false })
    this.#timer = timer
  }

  /** The next piece; undefined at the end. Rejects with `http.slow`, or with `http.malformed` where the body broke off. */
  async next(): Promise<Buffer | undefined> {
    const held = this.#held
    if (held !== undefined) {
      this.#held = undefined
      return held
    }
    return await new Promise((resolve, reject) => {
      const cancel = this.#timer.after(IDLE_MS, () =>
        reject(gatewayFault('http.slow', 'the body stopped coming')),
      )
      this.#chunks.next().then(
        ({ done, value }) => {
          cancel()
          resolve(done === true ? undefined : value)
        },
        (error: unknown) => {
          cancel()
          reject(gatewayFault('http.malformed', 'the body broke off', error))
        },
      )
    })
  }

  /** Puts a piece back in front of what comes. */
  unread(piece: Buffer): void {
    if (piece.length === 0) return
    this.#held = this.#held === undefined ? piece : Buffer.concat([piece, this.#held])
  }

  /** All of the body where it has at most `most` bytes; else what was read, with the rest still to come. */
  async upTo(most: number): Promise<{ readonly bytes: Buffer; readonly whole: boolean }> {
    const pieces: Buffer[] = []
    let size = 0
    while (size <= most) {
      const piece = await this.next()
      if (piece === undefined) return { bytes: Buffer.concat(pieces), whole: true }
      pieces.push(piece)
      size += piece.length
    }
    return { bytes: Buffer.concat(pieces), whole: false }
  }
}
