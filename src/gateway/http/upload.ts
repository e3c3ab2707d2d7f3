// Holds bytes that travel beside the decided tree: those of uploads, measured and digested on their way.

import { createHash } from 'node:crypto'
import type { JsonObject } from '../../std/json.ts'
import { gatewayFault } from '../faults.ts'

/** Bytes of one upload that is streamed. */
const MAX_UPLOAD = 1_073_741_824

/** Bytes that are there, or that come. */
export type Bytes =
  | { readonly kind: 'held'; readonly bytes: Buffer }
  | { readonly kind: 'coming'; readonly pieces: () => AsyncGenerator<Buffer, void, undefined> }

/** The `sha-256` of a Content-Digest header (RFC 9530 §2) in hexadecimal; undefined where there is none. Throws `http.digest`. */
export function readContentDigest(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const found = /(?:^|,[ \t]*)sha-256=:([A-Za-z0-9+/]{43}=):(?:[ \t]*,|$)/.exec(text)?.[1]
  if (found === undefined) {
    throw gatewayFault('http.digest', 'Content-Digest names no sha-256 digest')
  }
  return Buffer.from(found, 'base64').toString('hex')
}

/** SHA-256 in hexadecimal, as it stands in the input of a call. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Measures what is streamed up. One for each call. */
export class UploadMeter {
  readonly #hash = createHash('sha256')
  #size = 0
  #done = false

  /**
   * The pieces, with the last held back until the digest is known to be what was said: a request whose body is another never ends, so
   * no system takes it for whole.
   */
  async *through(
    pieces: AsyncGenerator<Buffer, void, undefined>,
    declared: string | undefined,
  ): AsyncGenerator<Buffer, void, undefined> {
    let held: Buffer | undefined
    for await (const piece of pieces) {
      this.#size += piece.length
      if (this.#size > MAX_UPLOAD) {
        throw gatewayFault('http.body', `more than ${MAX_UPLOAD} bytes are uploaded`)
      }
      this.#hash.update(piece)
      if (held !== undefined) yield held
      held = piece
    }
    const digest = this.#hash.digest('hex')
    this.#digest = digest
    this.#done = true
    if (declared !== undefined && digest !== declared) {
      throw gatewayFault('http.digest', 'the body is not what Content-Digest says')
    }
    if (held !== undefined) yield held
  }

  #digest = ''

  /** For the outcome record. */
  get facts(): JsonObject {
    return this.#done
      ? { upload_bytes: this.#size, upload_sha256: this.#digest }
      : { upload_bytes: this.#size, upload_broken: true }
  }
}
