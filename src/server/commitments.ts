// Holds the key of a home's commitments: what stands in the log in place of arguments (audit-log §1.3).

import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Entropy } from '../std/entropy.ts'
import type { Subjects } from '../audit/side/subjects.ts'
import type { CommitmentPort } from '../gateway/ports.ts'
import { hmacSha256 } from '../keys/hmac.ts'
import type { Sealer } from '../keys/ring.ts'

const CONTEXT = 'commitments'

/**
 * Opens the key, sealed at rest under the encryption key, or makes it on the first start. It is for what no person stands behind; what
 * is somebody's is committed to under a key of theirs, and is unguessable for everybody once that is destroyed. Throws
 * `keys.unsealable`.
 */
export function openCommitments(
  {
    keys,
    sealer,
    entropy,
  }: { readonly keys: string; readonly sealer: Sealer; readonly entropy: Entropy },
  subjects: Pick<Subjects, 'macOf'>,
): CommitmentPort {
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
  return {
    commit: (text, person) => {
      const own = person === undefined ? undefined : subjects.macOf(person)
      return `hmac-sha256:${(own ?? mac)(text)}`
    },
  }
}
