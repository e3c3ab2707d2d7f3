// Holds the look at bytes that are no text: what they are said to be, and the secrets of the call in them.

import { deny } from '../denial.ts'
import { lies, SNIFFED } from './media.ts'
import type { TextLook } from './text.ts'

/** Bytes in pieces. What is cut is overwritten, so that what is around it stays where it was. */
export class ByteStage {
  readonly #look: TextLook
  readonly #type: string
  readonly #longest: number
  #held: Buffer[] = []
  #size = 0
  #sniffed = false

  constructor(type: string, look: TextLook) {
    this.#look = look
    this.#type = type
    this.#longest = look.own?.longest ?? 0
  }

  push(chunk: Buffer): Buffer {
    this.#held.push(chunk)
    this.#size += chunk.length
    if (!this.#sniffed && this.#size < SNIFFED) return NOTHING
    // Held together only when as much again has come: what is held is not copied for every piece.
    if (this.#sniffed && this.#size < 2 * this.#longest) return NOTHING
    return this.#pass(this.#longest)
  }

  end(): Buffer {
    return this.#pass(0)
  }

  #pass(hold: number): Buffer {
    const bytes = this.#held.length === 1 ? this.#held[0]! : Buffer.concat(this.#held)
    const { own, finding } = this.#look
    if (!this.#sniffed && lies(this.#type, bytes)) {
      finding.refuse(deny('inspect.bad_type', 'the answer is not of the type that it names'))
      return NOTHING
    }
    this.#sniffed = true
    let seen = bytes
    if (own !== undefined) {
      const latin = bytes.toString('latin1')
      const without = own.overwritten(latin)
      if (without !== latin) {
        finding.did('own', 1)
        seen = Buffer.from(without, 'latin1')
      }
    }
    const border = Math.max(0, seen.length - hold)
    const rest = seen.subarray(border)
    this.#held = rest.length === 0 ? [] : [rest]
    this.#size = rest.length
    return seen.subarray(0, border)
  }
}

const NOTHING = Buffer.alloc(0)
