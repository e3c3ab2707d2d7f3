// Holds the framing of the link: one JSON object a line, bounded, read strictly (INV-12).

import {
  isObject,
  parseJson,
  stringifyJson,
  type JsonLimits,
  type JsonObject,
} from '../../std/json.ts'
import { linkFault } from './faults.ts'

/** Arguments are bounded by what agents may send, answers by what systems may answer: a frame is one of them with its envelope. */
const FRAME_LIMITS: JsonLimits = {
  bytes: 33_554_432,
  depth: 160,
  values: 2_000_000,
  keys: 'exact',
}

const LINE_FEED = 10

/** Writes one frame. JSON has no line feed outside of its escapes. */
export function frame(message: JsonObject): string {
  return `${stringifyJson(message)}\n`
}

/** Puts pieces of a stream together to frames. */
export class FrameReader {
  #pieces: Uint8Array[] = []
  #bytes = 0

  /** The frames that a piece completes. Throws `link.frame`, or what reading JSON throws. */
  push(piece: Uint8Array): JsonObject[] {
    const frames: JsonObject[] = []
    let from = 0
    for (let end = piece.indexOf(LINE_FEED); end >= 0; end = piece.indexOf(LINE_FEED, from)) {
      this.#keep(piece.subarray(from, end))
      const whole = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces)
      this.#pieces = []
      this.#bytes = 0
      const message = parseJson(whole, FRAME_LIMITS)
      if (!isObject(message)) throw linkFault('link.frame', 'a frame is no object')
      frames.push(message)
      from = end + 1
    }
    if (from < piece.length) this.#keep(piece.subarray(from))
    return frames
  }

  #keep(piece: Uint8Array): void {
    this.#bytes += piece.length
    if (this.#bytes > FRAME_LIMITS.bytes) throw linkFault('link.frame', 'a frame is too long')
    this.#pieces.push(piece)
  }
}
