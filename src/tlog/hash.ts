// Holds the two hashes of an RFC 6962 tree, kept apart by a prefix so that a node never passes for a leaf.

import { sha256 } from '../std/bytes.ts'

/** Bytes of one hash. */
export const HASH_BYTES = 32

/** Root of the tree without leaves: SHA-256 of nothing (RFC 6962 §2.1). */
export const EMPTY_ROOT: Uint8Array = sha256('')

// Hashing is synchronous, so one scratch buffer of each kind serves every call and the hot path allocates only results.
const leafScratch = new Uint8Array(1 + 65_535)
leafScratch[0] = 0x00
const nodeScratch = new Uint8Array(1 + 2 * HASH_BYTES)
nodeScratch[0] = 0x01

/** Hash of one entry: `SHA-256(0x00 || entry)` (RFC 6962 §2.1). */
export function leafHash(entry: Uint8Array): Uint8Array {
  const input =
    entry.length < leafScratch.length
      ? leafScratch.subarray(0, 1 + entry.length)
      : new Uint8Array(1 + entry.length)
  input.set(entry, 1)
  return sha256(input)
}

/** Hash of an inner node: `SHA-256(0x01 || left || right)`, both of 32 bytes (RFC 6962 §2.1). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  nodeScratch.set(left, 1)
  nodeScratch.set(right, 1 + HASH_BYTES)
  return sha256(nodeScratch)
}

/** Whether two hashes are the same 32 bytes; anything of another length equals nothing. */
export function sameHash(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== HASH_BYTES || b.length !== HASH_BYTES) return false
  for (let i = 0; i < HASH_BYTES; i++) if (a[i] !== b[i]) return false
  return true
}
