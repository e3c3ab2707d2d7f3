// Holds what a workload shows to become an instance without a person: a token of its platform, or a certificate of its fleet.

import { createPrivateKey, sign } from 'node:crypto'
import { base64url } from '../../std/bytes.ts'
import type { Json, JsonObject } from '../../std/json.ts'
import { challengeInput, parseChallenge } from '../../wire/attest.ts'
import { fault } from '../../server/holder/faults.ts'

/** Asks a path of the identity listener. */
export type Ask = (path: string, body: Json) => Promise<Json>

/** A way to show what one is. */
export interface Evidence {
  /** Everything that `POST /v1/attest` takes, for this request. May ask for a challenge first. */
  show(csr: string, ask: Ask): Promise<JsonObject>
}

/** A token that the platform gave this workload; read anew every time, since each counts once. */
export function tokenEvidence(of: { readonly source: string; token(): string }): Evidence {
  return {
    show: (csr) => Promise.resolve({ attestor: 'oidc', source: of.source, token: of.token(), csr }),
  }
}

/** A certificate of the fleet; its key signs a challenge and stays where it is. */
export function certificateEvidence(of: {
  readonly source: string
  /** PEM: its certificate, then what stands between it and the authority. */
  certificates(): string
  /** PEM. */
  key(): string
}): Evidence {
  return {
    show: async (csr, ask) => {
      const { source } = of
      const asked = { attestor: 'x509pop', source, csr }
      const { challenge } = parseChallenge(await ask('/v1/attest/challenge', asked))
      const certificates = of.certificates()
      return { ...asked, certificates, challenge, signature: signature(of.key(), challenge, csr) }
    },
  }
}

function signature(pem: string, challenge: string, csr: string): string {
  try {
    const key = createPrivateKey(pem)
    const hash = key.asymmetricKeyType === 'ed25519' ? null : 'sha256'
    return base64url(sign(hash, challengeInput(challenge, csr), key))
  } catch (cause) {
    throw fault('holder.key', 'the key of the certificate cannot be used', cause)
  }
}
