// Holds the check of a DPoP proof against this very request (RFC 9449 §4.3, §7.1).

import type { IncomingMessage } from 'node:http'
import type { DpopProof } from '../../wire/dpop.ts'
import { refuseCredential, refuseProof, type CredentialRefusal } from './refusal.ts'
import type { Surface } from './surface.ts'

/**
 * The proof of a request, not used up yet. `url` is our own address of what is asked for; `token` the access token that is shown
 * with it. Refuses a proof that is missing, sent twice, of another request or another token, too old, or without our nonce.
 */
export function readProof(
  request: IncomingMessage,
  { proofs }: Pick<Surface, 'proofs'>,
  of: { readonly url: string; readonly token: string },
): DpopProof | CredentialRefusal {
  const [text, ...more] = request.headersDistinct['dpop'] ?? []
  if (text === undefined || more.length > 0) {
    return refuseCredential('authenticate.proof', 'a DPoP token needs exactly one DPoP proof', {
      error: 'invalid_dpop_proof',
      scheme: 'DPoP',
    })
  }
  try {
    return proofs.read(text, { method: request.method ?? '', ...of })
  } catch (error) {
    return refuseProof(error)
  }
}
