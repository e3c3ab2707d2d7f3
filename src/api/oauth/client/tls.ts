// Holds `tls_client_auth` (RFC 8705 §2): the client is the instance whose certificate this connection shows.

import { oauthFault } from '../faults.ts'
import type { ClientPort } from '../ports.ts'
import type { OAuthClient } from './client.ts'

/** The client behind a certificate; its `client_id`, where it sends one, is its SPIFFE ID. */
export function byCertificate(
  clients: ClientPort,
  certificate: string,
  claimed: string | undefined,
): OAuthClient {
  const holder = clients.holderOf(certificate)
  if (holder === undefined) {
    throw oauthFault('oauth.client', 'no live instance has the client certificate')
  }
  if (claimed !== undefined && claimed !== holder.spiffeId) {
    throw oauthFault('oauth.client', 'the client_id is not that of the client certificate')
  }
  const credential = certificate
  return { id: holder.spiffeId, method: 'tls_client_auth', holder, certificate, credential }
}
