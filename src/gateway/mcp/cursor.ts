// Holds our own cursors: opaque texts that say where a list goes on, good for one caller and one list alone.

import { createHmac, timingSafeEqual } from 'node:crypto'
import { base64url, fromBase64url } from '../../std/bytes.ts'
import type { Entropy } from '../../std/entropy.ts'
import { isObject, parseJson, stringifyJson, type JsonObject } from '../../std/json.ts'

const MAC_BYTES = 16
/** Beyond this a cursor is none of ours (characters). */
const LONGEST = 16_384

/** Makes and reads cursors under a key that ends with the process: a list that was half read then begins anew. */
export class Cursors {
  readonly #key: Uint8Array

  constructor(entropy: Entropy) {
    this.#key = entropy.bytes(32)
  }

  #mac(owner: string, list: string, place: Uint8Array): Buffer {
    const mac = createHmac('sha256', this.#key)
    mac.update(`${owner.length} ${owner} ${list.length} ${list} `)
    return mac.update(place).digest().subarray(0, MAC_BYTES)
  }

  /** A cursor for a place in a list, as `owner` alone may use it. */
  make(owner: string, list: string, place: JsonObject): string {
    const text = Buffer.from(stringifyJson(place))
    return base64url(Buffer.concat([this.#mac(owner, list, text), text]))
  }

  /** The place that a cursor names; undefined for one that was made for another caller, for another list, or by nobody here. */
  read(owner: string, list: string, cursor: string): JsonObject | undefined {
    const bytes = cursor.length > LONGEST ? undefined : fromBase64url(cursor)
    if (bytes === undefined || bytes.length <= MAC_BYTES) return undefined
    const text = bytes.subarray(MAC_BYTES)
    if (!timingSafeEqual(this.#mac(owner, list, text), bytes.subarray(0, MAC_BYTES))) {
      return undefined
    }
    const place = parseJson(text)
    return isObject(place) ? place : undefined
  }
}
