// Holds custody of the keys of roots in files: the first one beside the other keys, those after it in a folder of their own.

import { lstatSync, mkdirSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createPrivateKey } from 'node:crypto'
import { checkKeyPath } from './permissions.ts'
import {
  clearRemains,
  destroyKey,
  newPem,
  publishKey,
  readSigner,
  syncDirectory,
} from './key-file.ts'
import type { RootKeys, Signer } from './ring.ts'
import { signerOf } from './signer.ts'

const KEY_FILE = /^([0-9a-f]{16})\.pem$/

/** True where roots after the first were ever made: the first one's key may have been destroyed since. */
export function hasRootFolder(directory: string): boolean {
  return lstatSync(folderOf(directory), { throwIfNoEntry: false }) !== undefined
}

function folderOf(directory: string): string {
  return join(directory, 'roots')
}

/** Keys of roots in a key directory: `certificates.pem`, and `roots/<keyId>.pem`. */
export class RootKeyFiles implements RootKeys {
  readonly #folder: string
  readonly #firstPath: string
  #first: Signer | undefined

  /** Opens the first key. Throws `keys.permissions` or `keys.unreadable`. */
  constructor(directory: string, firstFile: string) {
    this.#folder = folderOf(directory)
    this.#firstPath = join(directory, firstFile)
    if (hasRootFolder(directory)) {
      checkKeyPath(this.#folder, 'directory')
      clearRemains(this.#folder)
    }
    clearRemains(directory)
    const there = lstatSync(this.#firstPath, { throwIfNoEntry: false }) !== undefined
    this.#first = there ? readSigner(this.#firstPath, 'ES256') : undefined
  }

  get first(): Signer | undefined {
    return this.#first
  }

  generate(): Promise<Signer> {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
    syncDirectory(dirname(this.#folder))
    checkKeyPath(this.#folder, 'directory')
    const text = newPem('ES256')
    const signer = signerOf('ES256', createPrivateKey(text))
    publishKey(this.#path(signer.keyId), text)
    return Promise.resolve(signer)
  }

  open(keyId: string): Promise<Signer | undefined> {
    if (keyId === this.#first?.keyId) return Promise.resolve(this.#first)
    if (!this.#others().includes(keyId)) return Promise.resolve(undefined)
    const signer = readSigner(this.#path(keyId), 'ES256')
    // A file under another key's name is not that key.
    return Promise.resolve(signer.keyId === keyId ? signer : undefined)
  }

  list(): Promise<readonly string[]> {
    const first = this.#first === undefined ? [] : [this.#first.keyId]
    return Promise.resolve([...first, ...this.#others()])
  }

  destroy(keyId: string): Promise<void> {
    if (keyId === this.#first?.keyId) {
      // INVARIANT: the folder says that the first key was destroyed and not lost, so it is there before the key goes.
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
      syncDirectory(dirname(this.#folder))
      destroyKey(this.#firstPath)
      this.#first = undefined
    } else if (this.#others().includes(keyId)) {
      destroyKey(this.#path(keyId))
    }
    return Promise.resolve()
  }

  #others(): string[] {
    if (lstatSync(this.#folder, { throwIfNoEntry: false }) === undefined) return []
    return readdirSync(this.#folder).flatMap((file) => KEY_FILE.exec(file)?.[1] ?? [])
  }

  #path(keyId: string): string {
    return join(this.#folder, `${keyId}.pem`)
  }
}
