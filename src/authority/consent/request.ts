// Holds the check of an authorization request (RFC 6749 §4.1.1, RFC 7636 §4.3, RFC 8707 §2, RFC 9449 §10), in its order.

import type { ClientDocument } from './client-document.ts'
import { askedScope } from './asked-scope.ts'
import type { Clients } from './clients.ts'
import { consentFault } from './faults.ts'
import { isChallenge } from './pkce.ts'
import type { ResourcePort } from './ports.ts'
import { matchRedirect } from './redirect.ts'

/** A request that can be put before a person. */
export interface AuthorizationRequest {
  readonly client: ClientDocument
  /** Where the answer goes: published by the client, and trusted for that. */
  readonly redirect: string
  readonly state?: string
  /** `S256` challenge. */
  readonly challenge: string
  readonly resources: readonly string[]
  /** Patterns; never empty. */
  readonly scope: readonly string[]
  /** Thumbprint of the key that the tokens have to be bound to. */
  readonly jkt?: string
  /** Nobody is to be asked (OpenID Connect Core §3.1.2.1). */
  readonly silent: boolean
}

/** A request that is answered with an error: at the client, whose redirect URI is trusted by then. */
export interface RefusedRequest {
  readonly redirect: string
  readonly state?: string
  /** RFC 6749 §4.1.2.1, RFC 8707 §2. */
  readonly error: string
  /** Printable ASCII without quote and backslash (§4.1.2.1). */
  readonly description: string
}

const MOST_RESOURCES = 8
/** Parameters that stand once (RFC 6749 §3.1). */
const SINGLE = [
  'response_type',
  'state',
  'scope',
  'code_challenge',
  'code_challenge_method',
  'dpop_jkt',
  'prompt',
  'response_mode',
] as const

/**
 * Reads the query of an authorization request. Until client and redirect URI are known to belong together nothing is sent
 * anywhere: a `client.*`, `consent.request` or `consent.redirect` Fault is thrown, for a page (§4.1.2.1). After that an error
 * is the client's to hear.
 */
export async function readAuthorizationRequest(
  query: URLSearchParams,
  parts: { readonly clients: Pick<Clients, 'get'>; readonly resources: ResourcePort },
): Promise<AuthorizationRequest | RefusedRequest> {
  const client = await parts.clients.get(single(query, 'client_id') ?? missing('client_id'))
  const redirect = matchRedirect(client.redirects, single(query, 'redirect_uri'))
  if (redirect === undefined) {
    throw consentFault(
      'consent.redirect',
      'the redirect URI is not one that the client has published',
    )
  }
  return readTrusted(query, { client, redirect }, parts.resources)
}

/** What is left once errors may be sent to the client. */
function readTrusted(
  query: URLSearchParams,
  { client, redirect }: Pick<AuthorizationRequest, 'client' | 'redirect'>,
  resources: ResourcePort,
): AuthorizationRequest | RefusedRequest {
  const states = query.getAll('state')
  const state = states.length === 1 ? states[0] : undefined
  const refuse = (error: string, description: string): RefusedRequest => ({
    redirect,
    ...(state !== undefined && state.length <= 2_048 && { state }),
    error,
    description,
  })
  const twice = SINGLE.find((name) => query.getAll(name).length > 1)
  if (twice !== undefined) return refuse('invalid_request', `${twice} stands twice`)
  if (state !== undefined && state.length > 2_048)
    return refuse('invalid_request', 'state is too long')
  if (query.has('request')) return refuse('request_not_supported', 'request objects are not read')
  if (query.has('request_uri'))
    return refuse('request_uri_not_supported', 'request objects are not read')
  if (query.get('response_type') !== 'code') {
    return query.has('response_type')
      ? refuse('unsupported_response_type', 'only the response type code is served')
      : refuse('invalid_request', 'response_type is missing')
  }
  if ((query.get('response_mode') ?? 'query') !== 'query') {
    return refuse('invalid_request', 'only the response mode query is served')
  }
  const challenge = query.get('code_challenge') ?? ''
  // RFC 7636 §4.4.1 and RFC 9700 §2.1.1: without it, or with `plain`, which is what no method means, there is no code.
  if (challenge === '') return refuse('invalid_request', 'code challenge required')
  if (query.get('code_challenge_method') !== 'S256') {
    return refuse('invalid_request', 'transform algorithm not supported: only S256 is')
  }
  if (!isChallenge(challenge))
    return refuse('invalid_request', 'code_challenge is no S256 challenge')
  const jkt = query.get('dpop_jkt') ?? undefined
  if (jkt !== undefined && !isChallenge(jkt)) {
    return refuse('invalid_request', 'dpop_jkt is no SHA-256 thumbprint')
  }
  const wanted = [...new Set(query.getAll('resource'))]
  const named = wanted.length === 0 ? [resources.everything()] : wanted
  const systems = named.map((resource) => resources.systemOf(resource))
  if (named.length > MOST_RESOURCES || !systems.every((one) => one !== undefined)) {
    return refuse('invalid_target', 'a resource is not one of this server')
  }
  const scope = askedScope(query.get('scope') ?? undefined, systems)
  if (scope === undefined) {
    return refuse(
      'invalid_scope',
      'a scope is not system/action, system/* or * within the resources',
    )
  }
  return {
    client,
    redirect,
    ...(state !== undefined && { state }),
    challenge,
    resources: named,
    scope,
    ...(jkt !== undefined && { jkt }),
    silent: (query.get('prompt') ?? '').split(' ').includes('none'),
  }
}

/** A parameter that decides where errors may go: twice is as good as not at all. */
function single(query: URLSearchParams, name: string): string | undefined {
  const values = query.getAll(name)
  if (values.length > 1) throw consentFault('consent.request', `${name} stands twice`)
  return values[0]
}

function missing(name: string): never {
  throw consentFault('consent.request', `${name} is missing`)
}
