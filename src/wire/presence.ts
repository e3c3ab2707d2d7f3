// Holds what a passkey signs when a person agrees to a held call: this very call, at this gate. History: v1; v2 the terms where they agree for a task.

import { fromBase64url, sha256, utf8 } from '../std/bytes.ts'
import { canonicalJson, isObject, parseJson, type Json } from '../std/json.ts'

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
  /** Commitment to the terms where they agree for the whole task; absent: to this one call. */
  readonly terms?: string
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
export function presenceDigest({
  approval,
  callDigest,
  gate,
  person,
  terms,
}: PresenceAsk): Uint8Array {
  const asked = { approval, callDigest, gate, person, ...(terms !== undefined && { terms }) }
  return sha256(utf8(canonicalJson(asked)))
}

/** True where the proof is over a challenge that was made for exactly this. Who signed it is for WebAuthn to have said. */
export function presenceIsFor({ clientDataJSON }: PresenceProof, ask: PresenceAsk): boolean {
  let client: Json
  try {
    client = parseJson(fromBase64url(clientDataJSON) ?? new Uint8Array())
  } catch {
    return false
  }
  const challenge = isObject(client) ? client['challenge'] : undefined
  const bytes = typeof challenge === 'string' ? fromBase64url(challenge) : undefined
  return bytes !== undefined && Buffer.from(presenceDigest(ask)).equals(bytes.subarray(32))
}
