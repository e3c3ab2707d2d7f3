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

/** Five keys that never stand in for one another (DESIGN §4). */
export interface KeyRing {
  /** ES256: signs certificates. */
  readonly certificates: Signer
  /** ES256: signs tokens. */
  readonly tokens: Signer
  /** Ed25519: signs checkpoints. */
  readonly log: Signer
  /** AES-256-GCM: seals secrets and held payloads. */
  readonly encryption: Sealer
  /** Ed25519: signs rows that confer or remove authority (INV-13). */
  readonly authority: Signer
}
