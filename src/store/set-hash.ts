// Holds a hash of a set that is kept up to date one element at a time: LtHash (Lewi et al., eprint 2019/227).

import { hash } from 'node:crypto'
import { base64url, fromBase64url } from '../std/bytes.ts'

/** 1024 lanes of 16 bits: about 200 bits of security, whatever the number of elements. */
const LANES = 1024

/** The sum over a set of texts. Order does not matter; adding and removing the same element is nothing. */
export class SetHash {
  readonly #lanes: Uint16Array

  constructor(lanes: Uint16Array = new Uint16Array(LANES)) {
    this.#lanes = lanes
  }

  /** Reads what `text` wrote; undefined for anything else. */
  static read(text: string): SetHash | undefined {
    const bytes = fromBase64url(text)
    if (bytes?.byteLength !== LANES * 2) return undefined
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    return new SetHash(Uint16Array.from({ length: LANES }, (_, i) => view.getUint16(i * 2)))
  }

  add(element: string): void {
    this.#mix(element, 1)
  }

  remove(element: string): void {
    this.#mix(element, -1)
  }

  /** The sum, base64url. */
  text(): string {
    const bytes = new Uint8Array(LANES * 2)
    const view = new DataView(bytes.buffer)
    for (let i = 0; i < LANES; i++) view.setUint16(i * 2, this.#lanes[i]!)
    return base64url(bytes)
  }

  #mix(element: string, sign: 1 | -1): void {
    const spread = hash('shake256', element, { outputEncoding: 'buffer', outputLength: LANES * 2 })
    // A Uint16Array keeps every lane modulo 2^16.
    for (let i = 0; i < LANES; i++) this.#lanes[i]! += sign * spread.readUInt16BE(i * 2)
  }
}
