// Holds the names that OAuth and its extensions give to things, as this authorization server uses them.

import type { JsonObject } from '../std/json.ts'

/** Grants (RFC 6749 §4, RFC 8693 §2.1). */
export const GRANTS = {
  clientCredentials: 'client_credentials',
  authorizationCode: 'authorization_code',
  refreshToken: 'refresh_token',
  tokenExchange: 'urn:ietf:params:oauth:grant-type:token-exchange',
} as const

/** Kinds of tokens in an exchange (RFC 8693 §3). */
export const TOKEN_TYPES = {
  accessToken: 'urn:ietf:params:oauth:token-type:access_token',
  jwt: 'urn:ietf:params:oauth:token-type:jwt',
} as const

/** Kinds of client assertions (RFC 7523 §2.2, draft-ietf-oauth-spiffe-client-auth §3.1). */
export const ASSERTION_TYPES = {
  jwtBearer: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  jwtSpiffe: 'urn:ietf:params:oauth:client-assertion-type:jwt-spiffe',
} as const

/** Error codes of the endpoints (RFC 6749 §5.2, RFC 8707 §2, RFC 9449 §5 and §8). */
export type OAuthError =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'invalid_scope'
  | 'invalid_target'
  | 'invalid_dpop_proof'
  | 'use_dpop_nonce'
  | 'temporarily_unavailable'
  | 'server_error'

/** What the token endpoint answers (RFC 6749 §5.1, RFC 8693 §2.2.1). History: v1. */
export interface TokenAnswer {
  readonly access_token: string
  readonly token_type: 'DPoP' | 'Bearer' | 'N_A'
  /** Seconds. */
  readonly expires_in: number
  readonly scope?: string
  readonly issued_token_type?: string
  readonly refresh_token?: string
}

/** A token answer as JSON. */
export function tokenAnswerJson(answer: TokenAnswer): JsonObject {
  return { ...answer }
}
