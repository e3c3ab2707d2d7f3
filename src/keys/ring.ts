// Holds the faces of custody: what the product asks of keys, wherever they are kept.

/** A key that signs. The private half never leaves its holder. */
export interface Signer {
  /** `ES256` (P-256, signatures in IEEE P1363 form unless `der` is asked for) or `Ed25519`. */
  readonly algorithm: 'ES256' | 'Ed25519'
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array
  /** SHA-256 of `publicKey`, hex, first 16 characters. */
  readonly keyId: string
  /** Signs `data` (hashing inside, where the algorithm hashes). */
  sign(data: Uint8Array, form?: 'p1363' | 'der'): Uint8Array
  verify(data: Uint8Array, signature: Uint8Array): boolean
}

/** A key that encrypts at rest: AES-256-GCM, bound to a context that has to be given again to open. */
export interface Sealer {
  readonly keyId: string
  /** Nonce, ciphertext and tag in one. */
  seal(plain: Uint8Array, context: string): Uint8Array
  /** Throws the Fault `keys.unsealable` when anything was changed, or the context is another. */
  open(sealed: Uint8Array, context: string): Uint8Array
}

/**
 * The keys of the roots of a trust domain: one that a home is made with, and one for every root after it. Promises, because a
 * key may be made and destroyed in hardware or in a service; signing itself is asked of the `Signer`.
 */
export interface RootKeys {
  /** ES256, made with the home; undefined once it was destroyed. */
  readonly first: Signer | undefined
  /** Makes an ES256 key for one more root; durable when it resolves. */
  generate(): Promise<Signer>
  /** The key with this id, the first one included; undefined where custody has none. */
  open(keyId: string): Promise<Signer | undefined>
  /** Ids of all keys in custody. */
  list(): Promise<readonly string[]>
  /** Destroys a key for good; nothing happens where there is none. */
  destroy(keyId: string): Promise<void>
}

/**
 * The key that signs tokens. It is one object for the life of the process: `keyId`, `publicKey`, `sign` and `verify` are those of
 * whichever key is in force, so nobody keeps them for later.
 */
export interface TokenKey extends Signer {
  /** Makes another key and destroys this one: from here on nothing that it signed verifies. */
  replace(): Promise<void>
  /** Told after another key took this one's place. The answer stops listening. */
  onReplaced(listener: () => void): () => void
}

/**
 * Keys that values are enveloped under: each value has a data key of its own, wrapped under the key-encryption key in force. A
 * rotation makes another one; what is wrapped under an old one opens until it was wrapped anew and the old one is destroyed.
 */
export interface Envelopes {
  /** Id of the key that seals. */
  readonly current: string
  /** Ids of keys that only open, the oldest first; not empty: a rotation is under way. */
  readonly retired: readonly string[]
  /** The value as text, bound to its context. */
  seal(plain: Uint8Array, context: string): string
  /** Throws `keys.unsealable` when anything was changed, the context is another, or the key is not in custody. */
  open(text: string, context: string): Uint8Array
  /** True where a text is wrapped under the key that seals. */
  isCurrent(text: string): boolean
  /** Id of the key that a text is wrapped under; undefined where it is no envelope. */
  keyOf(text: string): string | undefined
  /** The same value under the key that seals. Throws as `open` does. */
  rewrap(text: string, context: string): string
  /** A keyed commitment (HMAC-SHA-256, base64url): equal for equal values of this home, and nothing to guess from. */
  commit(plain: Uint8Array): string
  /** Makes another key the one that seals; durable when it resolves. Answers its id. */
  rotate(): Promise<string>
  /** Destroys a key that only opens, for good; nothing happens where there is none. */
  destroy(keyId: string): Promise<void>
}

/** Keys that never stand in for one another (DESIGN §4). */
export interface KeyRing {
  /** ES256: sign certificates. */
  readonly roots: RootKeys
  /** ES256: signs tokens. */
  readonly tokens: TokenKey
  /** Ed25519: signs checkpoints. */
  readonly log: Signer
  /** AES-256-GCM: seals held payloads, and what was sealed before there were envelopes. */
  readonly encryption: Sealer
  /** AES-256-GCM: wrap the data keys of credentials. */
  readonly envelopes: Envelopes
  /** Ed25519: signs rows that confer or remove authority (INV-13). */
  readonly authority: Signer
}
