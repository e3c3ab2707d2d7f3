// Holds fakes for identity: timers that tests fire, keys made for one test, requests with any part wrong.

import { createPublicKey, generateKeyPairSync, sign, verify, type KeyObject } from 'node:crypto'
import { bitString, context, integer, oid, sequence } from '../../src/std/der.ts'
import { hex, sha256 } from '../../src/std/bytes.ts'
import { pem } from '../../src/std/pem.ts'
import type { Timer } from '../../src/std/timer.ts'
import type { RootKeys, Signer, TokenKey } from '../../src/keys/ring.ts'

/** Timers that fire when a test says so. */
export class FakeTimer implements Timer {
  waiting: { readonly ms: number; readonly run: () => void }[] = []
  after(ms: number, run: () => void): () => void {
    const entry = { ms, run }
    this.waiting.push(entry)
    return () => {
      this.waiting = this.waiting.filter((other) => other !== entry)
    }
  }
  /** Fires what waits now, and answers how many that were. */
  fire(): number {
    const due = this.waiting
    this.waiting = []
    for (const entry of due) entry.run()
    return due.length
  }
}

/** A key that lives in memory. */
export function fakeSigner(algorithm: 'ES256' | 'Ed25519'): Signer {
  const { privateKey, publicKey } =
    algorithm === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('ed25519')
  const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }))
  const hash = algorithm === 'ES256' ? 'sha256' : null
  return {
    algorithm,
    publicKey: spki,
    keyId: hex(sha256(spki)).slice(0, 16),
    sign: (data, form = 'p1363') =>
      new Uint8Array(
        sign(hash, data, {
          key: privateKey,
          dsaEncoding: form === 'der' ? 'der' : 'ieee-p1363',
        }),
      ),
    verify: (data, signature) =>
      verify(hash, data, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature),
  }
}

/** Keys of roots that live in memory; `first` is there from the start. */
export function fakeRootKeys(first?: Signer): RootKeys {
  const keys = new Map<string, Signer>()
  if (first !== undefined) keys.set(first.keyId, first)
  return {
    get first() {
      return first === undefined ? undefined : keys.get(first.keyId)
    },
    generate: () => {
      const signer = fakeSigner('ES256')
      keys.set(signer.keyId, signer)
      return Promise.resolve(signer)
    },
    open: (keyId) => Promise.resolve(keys.get(keyId)),
    list: () => Promise.resolve([...keys.keys()]),
    destroy: (keyId) => {
      keys.delete(keyId)
      return Promise.resolve()
    },
  }
}

/** A token key that lives in memory. */
export function fakeTokenKey(): TokenKey {
  let current = fakeSigner('ES256')
  const listeners = new Set<() => void>()
  return {
    algorithm: 'ES256',
    get publicKey() {
      return current.publicKey
    },
    get keyId() {
      return current.keyId
    },
    sign: (data, form) => current.sign(data, form),
    verify: (data, signature) => current.verify(data, signature),
    replace: () => {
      current = fakeSigner('ES256')
      for (const listener of listeners) listener()
      return Promise.resolve()
    },
    onReplaced: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** What a hostile or clumsy asker may put into a request. */
export interface RequestParts {
  readonly subject?: Uint8Array
  readonly attributes?: Uint8Array
  /** Signs instead of the key's own private half. */
  readonly signedBy?: KeyObject
}

/** A PKCS#10 request in PEM, made by hand so that tests can get each part wrong. */
export function fakeRequest(privateKey: KeyObject, parts: RequestParts = {}): string {
  const publicKey = createPublicKey(privateKey)
  const info = sequence(
    integer(Uint8Array.of(0)),
    parts.subject ?? sequence(),
    new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })),
    parts.attributes ?? context(0),
  )
  const ed25519 = publicKey.asymmetricKeyType === 'ed25519'
  const key = parts.signedBy ?? privateKey
  const signature = sign(ed25519 ? null : 'sha256', info, { key, dsaEncoding: 'der' })
  const algorithm = sequence(oid(ed25519 ? '1.3.101.112' : '1.2.840.10045.4.3.2'))
  return pem('CERTIFICATE REQUEST', sequence(info, algorithm, bitString(signature)))
}

/** A new private key on P-256. */
export function p256(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
}

/** SubjectPublicKeyInfo of a private key, DER. */
export function spkiOf(privateKey: KeyObject): Uint8Array {
  return new Uint8Array(createPublicKey(privateKey).export({ type: 'spki', format: 'der' }))
}
