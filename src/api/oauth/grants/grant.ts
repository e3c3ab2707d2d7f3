// Holds what a grant is: one way to come by a token, one file each.

import type { IssuedToken, TokenBinding } from '../../../authority/tokens/tokens.ts'
import type { TokenAnswer } from '../../../wire/oauth.ts'
import type { OAuthClient } from '../client/client.ts'
import type { Form } from '../form.ts'

/** A request of the token endpoint, once its client is known and its DPoP proof is used up. */
export interface TokenCall {
  readonly form: Form
  /** What a token that is issued for it is bound to: the key of the proof, else the certificate of the connection. */
  readonly binding?: TokenBinding
  /** Where the request came from: evidence for detectors, never for authorisation. */
  readonly place: string
}

/** One grant. What it gives is never more than what the client, or what it hands in, has already (INV-9). */
export interface Grant {
  /** `grant_type`. */
  readonly type: string
  /** True where clients may ask that have not authenticated (`none`). */
  readonly publicClients: boolean
  /** Answers a request; throws a Fault, which becomes the OAuth error of its code. */
  handle(call: TokenCall, client: OAuthClient): Promise<TokenAnswer>
}

/** The answer that hands an access token out (RFC 6749 §5.1, RFC 9449 §5). */
export function handOut(token: IssuedToken, call: TokenCall, now: number): TokenAnswer {
  return {
    access_token: token.text,
    token_type: call.binding?.kind === 'dpop' ? 'DPoP' : 'Bearer',
    expires_in: Math.floor((token.expiresAt - now) / 1000),
    ...(token.scope === undefined ? {} : { scope: token.scope.join(' ') }),
  }
}
