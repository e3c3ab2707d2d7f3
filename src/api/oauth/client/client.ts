// Holds the client of a request: an instance that has proved itself by one method, or a public client that has proved nothing.

import type { TokenHolder } from '../../../authority/tokens/ports.ts'
import { oauthFault } from '../faults.ts'

/** How a client proved who it is, by the names of the IANA registry and of the SPIFFE draft. */
export type ClientMethod = 'tls_client_auth' | 'private_key_jwt' | 'spiffe_jwt' | 'none'

/** Methods that the metadata publishes. */
export const CLIENT_METHODS: readonly ClientMethod[] = [
  'tls_client_auth',
  'private_key_jwt',
  'spiffe_jwt',
]

/** Who asks. */
export interface OAuthClient {
  /** `client_id`: the SPIFFE ID of the instance, or what a public client says it is. */
  readonly id: string
  readonly method: ClientMethod
  /** The instance; absent for a public client. */
  readonly holder?: TokenHolder
  /** What the instance proved itself with, for detectors: the SHA-256 of a certificate (hex) or of a JWT-SVID (base64url). */
  readonly credential?: string
  /** Certificate of the connection, whatever the method: what a token can be bound to. */
  readonly certificate?: string
}

/** The instance of a client, for endpoints and grants that are for instances alone. Throws `oauth.client`. */
export function holderOf(client: OAuthClient): TokenHolder {
  if (client.holder !== undefined) return client.holder
  throw oauthFault('oauth.client', 'the client has not authenticated')
}
