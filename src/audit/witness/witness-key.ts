// Holds a witness's own key: born in its folder, never anywhere else.

import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

import { utf8 } from '../../std/bytes.ts'
import type { Clock } from '../../std/clock.ts'
import { COSIGNATURE_V1, cosigner } from '../../tlog/cosignature.ts'
import { rawEd25519 } from '../../tlog/ed25519.ts'
import { formatVkey, isKeyName, type NoteSigner } from '../../tlog/note.ts'
import { replaceDurable } from '../durable-file.ts'
import { witnessFault } from './faults.ts'

/** A witness's key in both halves. */
export interface WitnessKey {
  readonly signer: NoteSigner
  /** Verifier key, for the policies of others. */
  readonly vkey: string
}

/**
 * Opens the key in `<directory>/witness.pem`, or makes it (0600) on first use. Throws `witness.options` for a name that notes cannot
 * carry, for a file that is no Ed25519 key, and for one that others may read.
 */
export function openWitnessKey(directory: string, name: string, clock: Clock): WitnessKey {
  if (!isKeyName(name)) {
    throw witnessFault(
      'witness.options',
      'the name is like witness.example.org/w1: no spaces, no plus sign',
    )
  }
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const path = join(directory, 'witness.pem')
  if (!existsSync(path)) {
    const { privateKey } = generateKeyPairSync('ed25519')
    replaceDurable(path, utf8(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()))
  }
  if ((statSync(path).mode & 0o077) !== 0) {
    throw witnessFault('witness.options', `${path} is open to others: chmod 600`)
  }
  let key
  try {
    key = createPrivateKey(readFileSync(path))
  } catch (cause) {
    throw witnessFault('witness.options', `${path} is not a private key`, cause)
  }
  if (key.asymmetricKeyType !== 'ed25519') {
    throw witnessFault('witness.options', `${path} is not an Ed25519 key`)
  }
  const raw = rawEd25519(
    new Uint8Array(createPublicKey(key).export({ type: 'spki', format: 'der' })),
  )
  const signer = cosigner(
    name,
    raw,
    (data) => new Uint8Array(sign(null, data, key)),
    () => clock.now() / 1_000,
  )
  return { signer, vkey: formatVkey(name, COSIGNATURE_V1, raw) }
}
