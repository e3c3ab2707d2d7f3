// Holds custody in files: five keys, each in a file of its own, that nobody else on the machine can read.

import { lstatSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { base64url, fromBase64url } from '../std/bytes.ts'
import type { Entropy } from '../std/entropy.ts'
import { faults } from '../std/fault.ts'
import { KEYS_FAULTS } from './faults.ts'
import { checkKeyPath } from './permissions.ts'
import { newPem, readSigner, syncDirectory, writeKey } from './key-file.ts'
import { EnvelopeKeyFiles } from './envelope-keys.ts'
import type { KeyRing } from './ring.ts'
import { hasRootFolder, RootKeyFiles } from './root-keys.ts'
import { sealerOf } from './sealer.ts'
import { TokenKeyFile } from './token-key.ts'

const fault = faults(KEYS_FAULTS)

const FILES = {
  certificates: 'certificates.pem',
  tokens: 'tokens.pem',
  log: 'log.pem',
  encryption: 'encryption.key',
  authority: 'authority.pem',
} as const

/**
 * Opens the keys of a home, making all five on its first start. PKCS#8 PEM files for the signing keys, base64url of 32
 * bytes for the encryption key; 0600 in a directory 0700. Throws `keys.permissions`, `keys.incomplete` or
 * `keys.unreadable`: nothing is ever made beside keys that are already there.
 */
export function openKeyRing(
  directory: string,
  { entropy }: { readonly entropy: Entropy },
): KeyRing {
  if (isAbsentOrEmpty(directory)) makeKeys(directory, entropy)
  checkKeyPath(directory, 'directory')
  const present = readdirSync(directory)
  // The first root's key goes when nothing trusts it any more; the folder of the later ones tells that from a loss.
  const needed = Object.values(FILES).filter(
    (file) => file !== FILES.certificates || !hasRootFolder(directory),
  )
  const missing = needed.filter((file) => !present.includes(file))
  if (missing.length > 0) {
    throw fault('keys.incomplete', `\`${directory}\` lacks ${missing.join(', ')}`)
  }
  checkKeyPath(join(directory, FILES.encryption), 'file')
  return {
    roots: new RootKeyFiles(directory, FILES.certificates),
    tokens: new TokenKeyFile(join(directory, FILES.tokens)),
    log: readSigner(join(directory, FILES.log), 'Ed25519'),
    encryption: sealerOf(readSecret(directory, FILES.encryption), entropy),
    envelopes: new EnvelopeKeyFiles(directory, entropy),
    authority: readSigner(join(directory, FILES.authority), 'Ed25519'),
  }
}

function isAbsentOrEmpty(directory: string): boolean {
  const stat = lstatSync(directory, { throwIfNoEntry: false })
  return stat === undefined || (stat.isDirectory() && readdirSync(directory).length === 0)
}

/**
 * Makes the whole set in a directory beside, and renames that into place: after a crash there are all keys or none.
 * What an earlier crash left beside was never in use, and is thrown away.
 */
function makeKeys(directory: string, entropy: Entropy): void {
  const making = `${directory}.making`
  rmSync(making, { recursive: true, force: true })
  mkdirSync(making, { recursive: true, mode: 0o700 })
  writeKey(join(making, FILES.certificates), newPem('ES256'))
  writeKey(join(making, FILES.tokens), newPem('ES256'))
  writeKey(join(making, FILES.log), newPem('Ed25519'))
  writeKey(join(making, FILES.encryption), `${base64url(entropy.bytes(32))}\n`)
  writeKey(join(making, FILES.authority), newPem('Ed25519'))
  syncDirectory(making)
  renameSync(making, directory)
  syncDirectory(dirname(directory))
}

function readSecret(directory: string, file: string): Uint8Array {
  const path = join(directory, file)
  const bytes = fromBase64url(readFileSync(path, 'utf8').trim())
  if (bytes?.byteLength !== 32) {
    throw fault('keys.unreadable', `\`${path}\` does not hold 32 bytes as base64url`)
  }
  return bytes
}
