// Holds subjects without a database: a key for each who is asked for, and erasing that forgets it.

import { Fault } from '../../src/std/fault.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { sealerOf } from '../../src/keys/sealer.ts'
import type { Sealer } from '../../src/keys/ring.ts'

/** Seals and opens as subjects do. */
export class FakeSubjects {
  readonly #keys = new Map<string, Sealer>()
  readonly #erased = new Set<string>()

  ready(id: string): Promise<void> {
    if (this.#erased.has(id)) {
      return Promise.reject(new Fault('side.erased', { status: 410, next: 'nothing' }, 'erased'))
    }
    if (!this.#keys.has(id)) this.#keys.set(id, sealerOf(systemEntropy.bytes(32), systemEntropy))
    return Promise.resolve()
  }

  seal(id: string, plain: Uint8Array, context: string): Uint8Array {
    return this.#keys.get(id)!.seal(plain, context)
  }

  open(id: string, sealed: Uint8Array, context: string): Uint8Array | undefined {
    return this.#keys.get(id)?.open(sealed, context)
  }

  macOf(id: string): ((text: string) => string) | undefined {
    return this.#keys.has(id) ? (text) => `${id} ${text.length}` : undefined
  }

  erase(id: string): void {
    this.#keys.delete(id)
    this.#erased.add(id)
  }
}
