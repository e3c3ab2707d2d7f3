// Holds what a passkey signs when a person agrees to a held call: this very call, at this gate. History: v1.

import { sha256, utf8 } from '../std/bytes.ts'
import { canonicalJson } from '../std/json.ts'

/** What is agreed to, by whom. */
export interface PresenceAsk {
  /** Id of the approval. */
  readonly approval: string
  /** Digest of actor, delegation, action, arguments and definition, as it stands in `approval.requested`. */
  readonly callDigest: string
  /** `@id` of the policy that is set aside. */
  readonly gate: string
  /** Person id. */
  readonly person: string
}

/** What the authenticator answered, base64url: enough to verify it with the public key of the passkey (WebAuthn §7.2). */
export interface PresenceProof {
  /** Credential id. */
  readonly passkey: string
  readonly authenticatorData: string
  readonly clientDataJSON: string
  readonly signature: string
}

/** The second half of the challenge: SHA-256 over the canonical JSON of what is agreed to. The first half is 32 random bytes. */
export function presenceDigest({ approval, callDigest, gate, person }: PresenceAsk): Uint8Array {
  return sha256(utf8(canonicalJson({ approval, callDigest, gate, person })))
}
