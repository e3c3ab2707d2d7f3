// Holds the key of a home's commitments: what stands in the log in place of arguments (audit-log §1.3).

import { createHmac, createSecretKey } from 'node:crypto'
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
  // Prepared once: bytes would be made a key object for every commitment, which costs seven times the hash.
  const secret = createSecretKey(key)
  return {
    commit: (text) =>
      `hmac-sha256:${createHmac('sha256', secret).update(text).digest('base64url')}`,
  }
}
