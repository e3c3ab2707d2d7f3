// Holds what the token endpoint hears of consent: tokens, or why there are none.

import type { ClientDocument } from './client-document.ts'
import type { RefreshRow } from '../../store/rows/refresh.ts'
import type { IssuedToken } from '../tokens/tokens.ts'

/** Tokens for a client. */
export interface Granted {
  readonly token: IssuedToken
  /** The refresh token that is good from now on; absent for clients that cannot use one. */
  readonly refresh?: string
  /** Patterns of the access token. */
  readonly scope: readonly string[]
}

/** Why there are none, in the words of OAuth (RFC 6749 §5.2, RFC 8707 §2.2, RFC 9449 §5). */
export interface Refused {
  readonly error:
    'invalid_request' | 'invalid_grant' | 'invalid_scope' | 'invalid_target' | 'invalid_dpop_proof'
  /** Printable ASCII without quote and backslash. */
  readonly description: string
}

/** A token request as far as consent looks at it. */
export interface TokenAsk {
  /** `client_id`, as the request says it. */
  readonly client: string
  /** Empty: not narrowed. */
  readonly resources: readonly string[]
  /** `scope` as it was sent. */
  readonly scope?: string
  /** The key that was proven in this very request. */
  readonly binding?: NonNullable<RefreshRow['binding']>
  /** Throws unless the request shows a key of this document; asked of clients that authenticate themselves. */
  readonly prove: (client: ClientDocument) => void
  /** Where the request came from, for detectors. */
  readonly place: string
}

/** Makes a refusal. */
export function refused(error: Refused['error'], description: string): Refused {
  return { error, description }
}

/** Resources of a token: those asked for, which have to be among those of the consent (RFC 8707 §2.2). */
export function narrowedResources(
  granted: readonly string[],
  asked: readonly string[],
): readonly string[] | undefined {
  if (asked.length === 0) return granted
  return asked.every((one) => granted.includes(one)) ? [...new Set(asked)] : undefined
}
