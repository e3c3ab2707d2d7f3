// Holds a file of kept calls: a key of its own sealed at its head, and after it frames that open only in their place.

import { closeSync, constants, openSync, readSync } from 'node:fs'
import { utf8 } from '../../std/bytes.ts'
import type { Entropy } from '../../std/entropy.ts'
import { Fault } from '../../std/fault.ts'
import type { Sealer } from '../../keys/ring.ts'
import { sealerOf } from '../../keys/sealer.ts'

/** Bytes before a frame: its length, big-endian. */
const LENGTH = 4

/** A frame is never longer; what says so was not written by us. */
const MOST = 16_777_216

/** Name of a file: its day and its number. */
export const NAME = /^(\d{4}-\d{2}-\d{2})-(\d{1,9})\.traffic$/

function framed(sealed: Uint8Array): Uint8Array {
  const out = new Uint8Array(LENGTH + sealed.byteLength)
  new DataView(out.buffer).setUint32(0, sealed.byteLength)
  out.set(sealed, LENGTH)
  return out
}

/** Makes the bytes of one file, frame after frame. Deleting the file deletes its key with it. */
export class TrafficWriter {
  readonly #sealer: Sealer
  readonly #name: string
  #frame = 0
  /** What begins the file. */
  readonly head: Uint8Array

  constructor(name: string, keys: Sealer, entropy: Entropy) {
    const key = entropy.bytes(32)
    this.#name = name
    this.#sealer = sealerOf(key, entropy)
    this.head = framed(keys.seal(key, `traffic/${name}`))
  }

  /** The next frame. */
  frame(lines: string): Uint8Array {
    return framed(this.#sealer.seal(utf8(lines), `traffic/${this.#name}/${this.#frame++}`))
  }
}

/** What stands at a place of a file. */
export type Frame =
  | { readonly kind: 'lines'; readonly lines: Uint8Array; readonly next: number }
  /** It was changed, or stood elsewhere. */
  | { readonly kind: 'damaged'; readonly next: number }
  /** The file ends here, or what follows was never written whole. */
  | { readonly kind: 'end'; readonly torn: boolean }

/** Reads one file from any of its frames on. */
export class TrafficReader {
  readonly #file: number
  readonly #name: string
  readonly #sealer: Sealer | undefined
  /** Where the first frame begins. */
  readonly first: number

  constructor(path: string, name: string, keys: Sealer, entropy: Entropy) {
    this.#name = name
    this.#file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW)
    const head = this.#at(0)
    this.first = head === undefined ? 0 : LENGTH + head.byteLength
    const key = head === undefined ? undefined : opened(keys, head, `traffic/${name}`)
    this.#sealer = key?.byteLength === 32 ? sealerOf(key, entropy) : undefined
  }

  /** False where the key of the file does not open: nothing in it can be read. */
  get readable(): boolean {
    return this.#sealer !== undefined
  }

  /** The frame with this number, which begins at this offset. */
  frame(number: number, offset: number): Frame {
    if (this.#sealer === undefined) return { kind: 'end', torn: true }
    const sealed = this.#at(offset)
    if (sealed === undefined) return { kind: 'end', torn: this.#bytes(offset, 1).byteLength > 0 }
    const next = offset + LENGTH + sealed.byteLength
    const lines = opened(this.#sealer, sealed, `traffic/${this.#name}/${number}`)
    return lines === undefined ? { kind: 'damaged', next } : { kind: 'lines', lines, next }
  }

  close(): void {
    closeSync(this.#file)
  }

  #at(offset: number): Uint8Array | undefined {
    const head = this.#bytes(offset, LENGTH)
    if (head.byteLength < LENGTH) return undefined
    const length = new DataView(head.buffer, head.byteOffset).getUint32(0)
    if (length > MOST) return undefined
    const sealed = this.#bytes(offset + LENGTH, length)
    return sealed.byteLength < length ? undefined : sealed
  }

  #bytes(offset: number, length: number): Uint8Array {
    const out = new Uint8Array(length)
    let read = 0
    while (read < length) {
      const got = readSync(this.#file, out, read, length - read, offset + read)
      if (got === 0) break
      read += got
    }
    return out.subarray(0, read)
  }
}

function opened(sealer: Sealer, sealed: Uint8Array, context: string): Uint8Array | undefined {
  try {
    return sealer.open(sealed, context)
  } catch (error) {
    if (error instanceof Fault) return undefined
    throw error
  }
}
