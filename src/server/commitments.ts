// Holds the key of a home's commitments: what stands in the log in place of arguments (audit-log §1.3).

import { hash } from 'node:crypto'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Entropy } from '../std/entropy.ts'
import type { CommitmentPort } from '../gateway/ports.ts'
import type { Sealer } from '../keys/ring.ts'

const CONTEXT = 'commitments'

/** Opens the key, sealed at rest under the encryption key, or makes it on the first start. Throws `keys.unsealable`. */
export function openCommitments(keys: string, sealer: Sealer, entropy: Entropy): CommitmentPort {
  const path = join(keys, 'commitments.sealed')
  let key: Uint8Array
  try {
    key = sealer.open(readFileSync(path), CONTEXT)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
    key = entropy.bytes(32)
    // Whole or not at all: commitments under a key that was lost could not be checked by anybody.
    writeFileSync(`${path}.new`, sealer.seal(key, CONTEXT), { mode: 0o600, flush: true })
    renameSync(`${path}.new`, path)
  }
  const mac = hmacSha256(key)
  return { commit: (text) => `hmac-sha256:${mac(text)}` }
}

/** Bytes of a block and of a digest of SHA-256. */
const BLOCK = 64
const DIGEST = 32
/** Bytes that the arguments of nearly every call have at most. */
const USUAL = 4_096

/**
 * HMAC-SHA-256 (RFC 2104) of texts under one key of at most a block, as base64url: two one-shot hashes over blocks that are
 * prepared once. Node's Hmac makes an object for every text, which costs several times what the hashes do.
 */
export function hmacSha256(key: Uint8Array): (text: string) => string {
  const padded = Buffer.alloc(BLOCK)
  padded.set(key)
  const inner = Buffer.concat([padded.map((byte) => byte ^ 0x36), Buffer.alloc(USUAL)])
  const outer = Buffer.concat([padded.map((byte) => byte ^ 0x5c), Buffer.alloc(DIGEST)])
  return (text) => {
    const end = BLOCK + Buffer.byteLength(text)
    const input = end > inner.length ? Buffer.concat([inner.subarray(0, BLOCK)], end) : inner
    input.write(text, BLOCK)
    outer.write(hash('sha256', input.subarray(0, end), 'binary'), BLOCK, 'binary')
    return hash('sha256', outer, 'base64url')
  }
}
