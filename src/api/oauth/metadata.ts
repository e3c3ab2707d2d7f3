// Holds what the authorization server says of itself (RFC 8414, OpenID Connect Discovery 1.0 §3).

import type { JsonObject } from '../../std/json.ts'
import { DPOP_ALGORITHMS } from '../../wire/dpop.ts'
import { CLIENT_METHODS } from './client/client.ts'
import { ASSERTION_ALGORITHMS } from './client/private-key-jwt.ts'
import type { Grant } from './grants/grant.ts'
import type { OAuthPorts } from './ports.ts'

/** Paths of the endpoints on the identity listener. */
export const OAUTH_PATHS = {
  token: '/oauth/token',
  introspect: '/oauth/introspect',
  revoke: '/oauth/revoke',
  jwks: '/oauth/jwks',
  metadata: '/.well-known/oauth-authorization-server',
  openid: '/.well-known/openid-configuration',
} as const

/** Authorization server metadata (RFC 8414 §2). */
export function metadata(ports: OAuthPorts, grants: readonly Grant[]): JsonObject {
  const { issuer } = ports.tokens
  const code = grants.some(({ type }) => type === 'authorization_code')
  const open = grants.some(({ publicClients }) => publicClients)
  const authorize = ports.authorizationEndpoint?.()
  const machines = [...CLIENT_METHODS]
  const signing = [...ASSERTION_ALGORITHMS]
  return {
    issuer,
    ...(authorize === undefined ? {} : { authorization_endpoint: authorize }),
    token_endpoint: `${issuer}${OAUTH_PATHS.token}`,
    jwks_uri: `${issuer}${OAUTH_PATHS.jwks}`,
    introspection_endpoint: `${issuer}${OAUTH_PATHS.introspect}`,
    revocation_endpoint: `${issuer}${OAUTH_PATHS.revoke}`,
    grant_types_supported: grants.map(({ type }) => type),
    response_types_supported: code ? ['code'] : [],
    ...(code
      ? {
          response_modes_supported: ['query'],
          code_challenge_methods_supported: ['S256'],
          authorization_response_iss_parameter_supported: true,
          client_id_metadata_document_supported: true,
        }
      : {}),
    token_endpoint_auth_methods_supported: open ? [...machines, 'none'] : machines,
    token_endpoint_auth_signing_alg_values_supported: signing,
    introspection_endpoint_auth_methods_supported: machines,
    introspection_endpoint_auth_signing_alg_values_supported: signing,
    revocation_endpoint_auth_methods_supported: open ? [...machines, 'none'] : machines,
    revocation_endpoint_auth_signing_alg_values_supported: signing,
    dpop_signing_alg_values_supported: [...DPOP_ALGORITHMS],
    tls_client_certificate_bound_access_tokens: true,
    protected_resources: [...ports.resources.all()],
  }
}

/**
 * The same for who looks keys up by OpenID discovery: consumers of JWT-SVIDs, above all. No ID tokens are issued; the members
 * that discovery requires are there, and say what is true of JWT-SVIDs.
 */
export function openidConfiguration(ports: OAuthPorts, grants: readonly Grant[]): JsonObject {
  return {
    ...metadata(ports, grants),
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
  }
}
