// Holds HMAC-SHA-256 of texts as the way of a call needs it: prepared once per key, a few microseconds a text.

import { hash } from 'node:crypto'

/** Bytes of a block and of a digest of SHA-256. */
const BLOCK = 64
const DIGEST = 32
/** Bytes that the arguments of nearly every call have at most. */
const USUAL = 4_096

// Shared by all keys: everything between filling and hashing them is synchronous, and each use fills all that it hashes.
const inner = Buffer.alloc(BLOCK + USUAL)
const outer = Buffer.alloc(BLOCK + DIGEST)

/**
 * HMAC-SHA-256 (RFC 2104) of texts under one key of at most a block, as base64url: two one-shot hashes over blocks that are
 * prepared once. Node's Hmac makes an object for every text, which costs several times what the hashes do.
 */
export function hmacSha256(key: Uint8Array): (text: string) => string {
  const padded = Buffer.alloc(BLOCK)
  padded.set(key)
  const before = padded.map((byte) => byte ^ 0x36)
  const after = padded.map((byte) => byte ^ 0x5c)
  return (text) => {
    const end = BLOCK + Buffer.byteLength(text)
    const input = end > inner.length ? Buffer.alloc(end) : inner
    input.set(before)
    input.write(text, BLOCK)
    outer.set(after)
    outer.write(hash('sha256', input.subarray(0, end), 'binary'), BLOCK, 'binary')
    return hash('sha256', outer, 'base64url')
  }
}
