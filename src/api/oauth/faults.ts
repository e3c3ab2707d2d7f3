// Holds the codes of the OAuth endpoints, and which error of the RFCs each of them is.

import { faults, publicFault, type FaultCatalogue } from '../../std/fault.ts'
import type { OAuthError } from '../../wire/oauth.ts'

/** Codes of the endpoints themselves; what they pass on keeps the code of where it arose. */
export const OAUTH_FAULTS = {
  'oauth.form': {
    status: 400,
    next: 'send application/x-www-form-urlencoded, every parameter once, of at most 32 KB',
  },
  'oauth.parameter': { status: 400, next: 'see docs/concepts/tokens.md for what each grant takes' },
  'oauth.grant_type': {
    status: 400,
    next: 'use a grant that the metadata at /.well-known/oauth-authorization-server names',
  },
  'oauth.client': {
    status: 401,
    next: 'authenticate with the certificate of a live instance, or an assertion that its key signed',
  },
  'oauth.client_assertion': {
    status: 401,
    next: 'sign one assertion per request: iss and sub your SPIFFE ID, aud the issuer alone, exp in five minutes at most, a new jti',
  },
  'oauth.client_busy': { status: 503, next: 'try again in a minute, with a new assertion' },
  'oauth.client_not_allowed': {
    status: 400,
    next: 'authenticate as an instance: this grant is not for public clients',
  },
  'oauth.subject_token': {
    status: 400,
    next: 'send a token of yours that is live, or one whose may_act names you',
  },
  'oauth.actor_token': { status: 400, next: 'send a live token of yours, or leave it out' },
  'oauth.scope': {
    status: 400,
    next: 'ask for at most 64 patterns like system/action, system/* or *, within what you have',
  },
  'oauth.target': {
    status: 400,
    next: 'ask for a resource of this gateway, or for an agent or instance of this trust domain',
  },
  'oauth.not_yours': { status: 400, next: 'revoke tokens of your own' },
} as const satisfies FaultCatalogue

/** Makes a fault of this catalogue. */
export const oauthFault = faults(OAUTH_FAULTS)

/** What each code is called in OAuth; the longest beginning that fits counts. */
const ERRORS: Readonly<Record<string, OAuthError>> = {
  'oauth.': 'invalid_request',
  'oauth.grant_type': 'unsupported_grant_type',
  'oauth.client': 'invalid_client',
  'oauth.client_assertion': 'invalid_client',
  'oauth.client_busy': 'temporarily_unavailable',
  'oauth.client_not_allowed': 'unauthorized_client',
  'oauth.subject_token': 'invalid_request',
  'oauth.scope': 'invalid_scope',
  'oauth.target': 'invalid_target',
  'oauth.not_yours': 'unauthorized_client',
  'client.': 'invalid_client',
  'client.busy': 'temporarily_unavailable',
  'client.unreachable': 'temporarily_unavailable',
  'consent.': 'invalid_grant',
  'consent.request': 'invalid_request',
  'consent.scope': 'invalid_scope',
  'consent.target': 'invalid_target',
  'consent.proof': 'invalid_dpop_proof',
  'dpop.': 'invalid_dpop_proof',
  'dpop.nonce': 'use_dpop_nonce',
  'dpop.busy': 'temporarily_unavailable',
  'identity.client_certificate': 'invalid_client',
  'token.': 'invalid_grant',
  'token.instance_gone': 'invalid_client',
  'token.scope': 'invalid_scope',
  'token.wider': 'invalid_scope',
  'token.audience': 'invalid_target',
  'token.unbound': 'invalid_request',
  'token.too_many': 'temporarily_unavailable',
  'delegation.': 'invalid_target',
  'delegation.bound': 'invalid_grant',
  'delegation.unknown': 'invalid_grant',
  'delegation.not_yours': 'invalid_grant',
  'delegation.over': 'invalid_request',
  'delegation.scope': 'invalid_scope',
  'delegation.wider': 'invalid_scope',
  'delegation.too_many': 'temporarily_unavailable',
  'agent.': 'invalid_target',
  'identity.': 'invalid_grant',
  'audit.': 'temporarily_unavailable',
}

/** Anything thrown as an OAuth error answer (RFC 6749 §5.2). Only `invalid_client` is 401; DPoP's own errors are 400 here. */
export function oauthError(error: unknown): {
  readonly status: number
  readonly error: OAuthError
  readonly description: string
  readonly code: string
} {
  const { code, detail, status } = publicFault(error)
  const found = Object.keys(ERRORS)
    .filter((prefix) => code === prefix || (prefix.endsWith('.') && code.startsWith(prefix)))
    .sort((a, b) => b.length - a.length)[0]
  const name: OAuthError =
    (found === undefined ? undefined : ERRORS[found]) ??
    (status >= 500 ? 'server_error' : 'invalid_request')
  return {
    status: statusOf(name, status),
    error: name,
    // RFC 6749 §5.2: printable ASCII without quote and backslash.
    description: detail.replaceAll(/[^\x20\x21\x23-\x5B\x5D-\x7E]/g, "'"),
    code,
  }
}

function statusOf(error: OAuthError, status: number): number {
  if (error === 'invalid_client') return 401
  if (error === 'temporarily_unavailable') return status === 429 ? 429 : 503
  if (error === 'server_error') return 500
  return 400
}
