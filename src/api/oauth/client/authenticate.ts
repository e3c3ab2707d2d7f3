// Holds the authentication of the client of a request: exactly one method, and nothing that a proxy could have written.

import type { IncomingMessage } from 'node:http'
import { base64url, sha256 } from '../../../std/bytes.ts'
import { ASSERTION_TYPES } from '../../../wire/oauth.ts'
import { peerIfAny } from '../../identity/peer.ts'
import { oauthFault } from '../faults.ts'
import type { Form } from '../form.ts'
import type { ClientPort } from '../ports.ts'
import type { OAuthClient } from './client.ts'
import type { JwtSpiffe } from './jwt-spiffe.ts'
import type { PrivateKeyJwt } from './private-key-jwt.ts'
import { byCertificate } from './tls.ts'

/** The methods, each with what it remembers. */
export interface ClientMethods {
  readonly clients: ClientPort
  readonly privateKeyJwt: PrivateKeyJwt
  readonly jwtSpiffe: JwtSpiffe
}

/**
 * Authenticates the client of a request by exactly one method (RFC 6749 §2.3). `jkt` is the key of the DPoP proof that came
 * along. Only what this very connection and this very body show is looked at: no header that a proxy might have set.
 */
export function authenticate(
  methods: ClientMethods,
  request: IncomingMessage,
  form: Form,
  jkt: string | undefined,
): OAuthClient {
  const claimed = form.get('client_id')
  if (request.headers.authorization !== undefined || form.get('client_secret') !== undefined) {
    throw oauthFault('oauth.client', 'there are no client secrets here')
  }
  const certificate = peerIfAny(request)
  const shown = certificate === undefined ? {} : { certificate }
  const assertion = form.get('client_assertion')
  const type = form.get('client_assertion_type')
  if ((assertion === undefined) !== (type === undefined)) {
    throw oauthFault('oauth.parameter', 'client_assertion and its type belong together')
  }
  if (assertion === undefined) {
    if (certificate === undefined) return publicClient(claimed)
    return byCertificate(methods.clients, certificate, claimed)
  }
  // A client that is known by its document: its grants look at the assertion, once they know which keys are its own.
  if (type === ASSERTION_TYPES.jwtBearer && claimed !== undefined && isDocumentUrl(claimed)) {
    return publicClient(claimed)
  }
  if (type === ASSERTION_TYPES.jwtBearer) {
    const { holder, credential } = methods.privateKeyJwt.holderOf(assertion)
    const id = holder.spiffeId
    return named({ id, method: 'private_key_jwt', holder, credential, ...shown }, claimed)
  }
  if (type === ASSERTION_TYPES.jwtSpiffe) {
    const holder = methods.jwtSpiffe.holderOf(assertion, jkt ?? certificate)
    const credential = base64url(sha256(assertion))
    const id = holder.spiffeId
    return named({ id, method: 'spiffe_jwt', holder, credential, ...shown }, claimed)
  }
  throw oauthFault('oauth.client_assertion', 'this type of client assertion is not known here')
}

/** A `client_id` beside an authentication has to name the same client (RFC 7521 §4.2). */
function named(client: OAuthClient, claimed: string | undefined): OAuthClient {
  if (claimed === undefined || claimed === client.id) return client
  throw oauthFault('oauth.client', 'the client_id is not that of who authenticated')
}

function isDocumentUrl(id: string): boolean {
  return id.startsWith('https://') || id.startsWith('http://')
}

function publicClient(claimed: string | undefined): OAuthClient {
  if (claimed === undefined) throw oauthFault('oauth.client', 'the client has not authenticated')
  return { id: claimed, method: 'none' }
}
