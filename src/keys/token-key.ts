// Holds custody of the key that signs tokens in a file, which another key can take the place of while we run.

import { newPem, publishKey, readSigner } from './key-file.ts'
import type { Signer, TokenKey } from './ring.ts'

/** The token key of one file. Whoever holds it holds whichever key is in force. */
export class TokenKeyFile implements TokenKey {
  readonly algorithm = 'ES256'
  readonly #path: string
  readonly #listeners = new Set<() => void>()
  #current: Signer

  /** Throws `keys.permissions` or `keys.unreadable`. */
  constructor(path: string) {
    this.#path = path
    this.#current = readSigner(path, 'ES256')
  }

  get publicKey(): Uint8Array {
    return this.#current.publicKey
  }

  get keyId(): string {
    return this.#current.keyId
  }

  sign(data: Uint8Array, form?: 'p1363' | 'der'): Uint8Array {
    return this.#current.sign(data, form)
  }

  verify(data: Uint8Array, signature: Uint8Array): boolean {
    return this.#current.verify(data, signature)
  }

  replace(): Promise<void> {
    publishKey(this.#path, newPem('ES256'))
    this.#current = readSigner(this.#path, 'ES256')
    for (const listener of this.#listeners) listener()
    return Promise.resolve()
  }

  onReplaced(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
