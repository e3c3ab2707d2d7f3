// Holds custody of the keys under which values are enveloped: a folder of them, the newest seals, all of them open.

import { createHmac } from 'node:crypto'
import { lstatSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { base64url, fromBase64url } from '../std/bytes.ts'
import type { Entropy } from '../std/entropy.ts'
import { faults } from '../std/fault.ts'
import { envelopeKey, openEnvelope, rewrapEnvelope, sealEnvelope } from './envelope.ts'
import { KEYS_FAULTS } from './faults.ts'
import { destroyKey, publishKey, syncDirectory } from './key-file.ts'
import { checkKeyPath } from './permissions.ts'
import type { Envelopes, Sealer } from './ring.ts'
import { sealerOf } from './sealer.ts'

const fault = faults(KEYS_FAULTS)

/** Six digits that count up, then the id of the key: the highest is the one that seals. */
const KEY_FILE = /^(\d{6})-([0-9a-f]{16})\.pem$/
const COMMIT_FILE = 'commitments.pem'

interface Kept {
  readonly place: number
  readonly path: string
  readonly sealer: Sealer
}

/**
 * Envelope keys in `<keys>/envelopes/`, each 32 bytes as base64url. A rotation adds a file; the old one stays, and opens, until
 * everything is wrapped anew and it is destroyed. At any point in between a crash leaves every key that something needs.
 */
export class EnvelopeKeyFiles implements Envelopes {
  readonly #folder: string
  readonly #entropy: Entropy
  readonly #commitKey: Uint8Array
  #keys: readonly Kept[]

  /** Opens the folder, making it with its first key where there is none. Throws `keys.permissions` or `keys.unreadable`. */
  constructor(directory: string, entropy: Entropy) {
    this.#folder = join(directory, 'envelopes')
    this.#entropy = entropy
    if (lstatSync(this.#folder, { throwIfNoEntry: false }) === undefined) {
      mkdirSync(this.#folder, { mode: 0o700 })
      syncDirectory(dirname(this.#folder))
    }
    checkKeyPath(this.#folder, 'directory')
    clear(this.#folder)
    const commit = join(this.#folder, COMMIT_FILE)
    this.#keys = this.#read()
    // INVARIANT: the key of commitments is made last, so that a folder without it never sealed anything.
    const fresh = lstatSync(commit, { throwIfNoEntry: false }) === undefined
    if (fresh && this.#keys.length === 0) this.#add(1)
    if (fresh) publishKey(commit, `${base64url(entropy.bytes(32))}\n`)
    if (this.#keys.length === 0) {
      throw fault(
        'keys.incomplete',
        `\`${this.#folder}\` lacks the keys that values are sealed under`,
      )
    }
    this.#commitKey = secretIn(commit)
  }

  get current(): string {
    return this.#newest().sealer.keyId
  }

  get retired(): readonly string[] {
    return this.#keys.slice(0, -1).map(({ sealer }) => sealer.keyId)
  }

  seal(plain: Uint8Array, context: string): string {
    return sealEnvelope(plain, context, { kek: this.#newest().sealer, entropy: this.#entropy })
  }

  open(text: string, context: string): Uint8Array {
    return openEnvelope(text, context, { kekOf: this.#kekOf, entropy: this.#entropy })
  }

  isCurrent(text: string): boolean {
    return envelopeKey(text) === this.current
  }

  keyOf(text: string): string | undefined {
    return envelopeKey(text)
  }

  rewrap(text: string, context: string): string {
    return rewrapEnvelope(text, context, { kekOf: this.#kekOf, to: this.#newest().sealer })
  }

  commit(plain: Uint8Array): string {
    return createHmac('sha256', this.#commitKey).update(plain).digest('base64url')
  }

  rotate(): Promise<string> {
    this.#add(this.#newest().place + 1)
    return Promise.resolve(this.current)
  }

  destroy(keyId: string): Promise<void> {
    if (keyId === this.current) throw new TypeError('the key that seals is not destroyed')
    const found = this.#keys.find(({ sealer }) => sealer.keyId === keyId)
    if (found === undefined) return Promise.resolve()
    this.#keys = this.#keys.filter((one) => one !== found)
    destroyKey(found.path)
    return Promise.resolve()
  }

  readonly #kekOf = (keyId: string): Sealer | undefined =>
    this.#keys.find(({ sealer }) => sealer.keyId === keyId)?.sealer

  #newest(): Kept {
    return this.#keys.at(-1)!
  }

  #add(place: number): void {
    const bytes = this.#entropy.bytes(32)
    const sealer = sealerOf(bytes, this.#entropy)
    const path = join(this.#folder, `${String(place).padStart(6, '0')}-${sealer.keyId}.pem`)
    publishKey(path, `${base64url(bytes)}\n`)
    this.#keys = [...this.#keys, { place, path, sealer }]
  }

  #read(): readonly Kept[] {
    return readdirSync(this.#folder)
      .sort()
      .flatMap((file) => {
        const [, place, keyId] = KEY_FILE.exec(file) ?? []
        if (place === undefined) return []
        const path = join(this.#folder, file)
        const sealer = sealerOf(secretIn(path), this.#entropy)
        // A file under another key's name is not that key.
        if (sealer.keyId !== keyId) throw fault('keys.unreadable', `\`${path}\` holds another key`)
        return [{ place: Number(place), path, sealer }]
      })
  }
}

/** Finishes what a crash interrupted: keys that were being destroyed, and drafts that were never in use. */
function clear(folder: string): void {
  for (const file of readdirSync(folder)) {
    if (/\.pem\.(new|ended)$/.test(file)) rmSync(join(folder, file))
  }
}

function secretIn(path: string): Uint8Array {
  checkKeyPath(path, 'file')
  const bytes = fromBase64url(readFileSync(path, 'utf8').trim())
  if (bytes?.byteLength !== 32) {
    throw fault('keys.unreadable', `\`${path}\` does not hold 32 bytes as base64url`)
  }
  return bytes
}
