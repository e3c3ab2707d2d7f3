// Holds key files: how one is made whole, read, put in another's place, and destroyed.

import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import {
  closeSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { faults } from '../std/fault.ts'
import { KEYS_FAULTS } from './faults.ts'
import { checkKeyPath } from './permissions.ts'
import type { Signer } from './ring.ts'
import { signerOf } from './signer.ts'

const fault = faults(KEYS_FAULTS)

/** A new private key, PKCS#8 PEM. */
export function newPem(algorithm: Signer['algorithm']): string {
  const { privateKey } =
    algorithm === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('ed25519')
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** Writes a key file that is not there yet, 0600, and makes its content durable; its name is the caller's to make so. */
export function writeKey(path: string, text: string): void {
  const file = openSync(path, 'wx', 0o600)
  try {
    writeSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** Makes the names in a directory durable. */
export function syncDirectory(path: string): void {
  const directory = openSync(path, 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}

/**
 * Puts a whole key file into place, over one that may be there: after a crash the old one stands, or the new one. A draft
 * that an earlier crash left was never in use.
 */
export function publishKey(path: string, text: string): void {
  const draft = `${path}.new`
  rmSync(draft, { force: true })
  writeKey(draft, text)
  renameSync(draft, path)
  syncDirectory(dirname(path))
}

/** What a key that is being destroyed is called: a crash half-way leaves no broken key under a name that is read. */
const ENDED = '.ended'

/**
 * Destroys a key: it loses its name, its bytes are overwritten, the file goes. On disks that copy what is written, and in
 * backups, the old bytes may live on: what holds is that nothing here trusts the key any more.
 */
export function destroyKey(path: string): void {
  const ended = path + ENDED
  renameSync(path, ended)
  syncDirectory(dirname(path))
  const file = openSync(ended, 'r+')
  try {
    writeSync(file, new Uint8Array(fstatSync(file).size))
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  rmSync(ended)
}

/** Finishes what a crash interrupted in a directory: keys that were being destroyed go, and drafts that were never in use. */
export function clearRemains(directory: string): void {
  for (const file of readdirSync(directory)) {
    if (file.endsWith(`.pem${ENDED}`) || file.endsWith('.pem.new')) rmSync(join(directory, file))
  }
}

/** Opens a signing key of ours. Throws `keys.permissions` or `keys.unreadable`. */
export function readSigner(path: string, algorithm: Signer['algorithm']): Signer {
  checkKeyPath(path, 'file')
  let key
  try {
    key = createPrivateKey(readFileSync(path))
  } catch {
    // The library's error may quote the file, so it is not kept even as a cause.
    throw fault('keys.unreadable', `\`${path}\` holds no PKCS#8 private key`)
  }
  const fits =
    algorithm === 'ES256'
      ? key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1'
      : key.asymmetricKeyType === 'ed25519'
  if (!fits)
    throw fault('keys.unreadable', `\`${path}\` holds a key of another kind than ${algorithm}`)
  return signerOf(algorithm, key)
}
