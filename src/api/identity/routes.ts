// Holds the routes of the identity listener; an agent's certificate is accepted by exactly those listed as such (INV-9).

import type { IncomingMessage, ServerResponse } from 'node:http'
import { base64url, sha256 } from '../../std/bytes.ts'
import { stringifyJson, type Json } from '../../std/json.ts'
import { parseEnrolRequest, parseRenewRequest, type IssuedIdentity } from '../../wire/identity.ts'
import type { Identities } from '../../authority/identity/identities.ts'
import type { Attestors } from '../../authority/identity/attest/attestors.ts'
import { OAUTH_PATHS } from '../oauth/metadata.ts'
import type { OAuthServer } from '../oauth/server.ts'
import { ATTEST_ROUTES } from './attest.ts'
import { readBody } from './exchange.ts'
import { fault } from './faults.ts'
import { peer } from './peer.ts'

/** One route: what it accepts, and what it answers. */
export interface Route {
  readonly method: 'GET' | 'POST'
  /** True where the caller is known by a credential of an agent: such a route can only continue or narrow what it has. */
  readonly agent: boolean
  answer(
    request: IncomingMessage,
    identities: Identities,
    response: ServerResponse,
  ): Json | Promise<Json>
}

/** One route of the authorization server: its errors are those of OAuth. */
export interface OAuthRoute extends Omit<Route, 'answer'> {
  answer(
    oauth: OAuthServer,
    request: IncomingMessage,
    response: ServerResponse,
  ): Json | Promise<Json>
}

function issued(identity: IssuedIdentity): Json {
  return { ...identity }
}

/** Every route of the listener by path. */
export const ROUTES: Readonly<Record<string, Route>> = {
  '/v1/enroll': {
    method: 'POST',
    agent: false,
    answer: async (request, identities) =>
      issued(await identities.enrol(parseEnrolRequest(await readBody(request)))),
  },
  '/v1/renew': {
    method: 'POST',
    agent: true,
    answer: async (request, identities) => {
      const certificate = peer(request)
      const { csr } = parseRenewRequest(await readBody(request))
      return issued(await identities.renew({ certificate, csr }))
    },
  },
  '/v1/end': {
    method: 'POST',
    agent: true,
    answer: async (request, identities) => {
      await identities.endOwn(peer(request))
      return { ended: true }
    },
  },
  '/spiffe/bundle': {
    method: 'GET',
    agent: false,
    answer: (_request, identities, response) => {
      const bundle = identities.bundle()
      // Kept by whoever likes, and asked about every time: a root that is distrusted must not live on in a cache.
      response.setHeader('cache-control', 'no-cache')
      response.setHeader('etag', `"${base64url(sha256(stringifyJson(bundle)))}"`)
      return bundle
    },
  },
  '/healthz': { method: 'GET', agent: false, answer: () => ({ ok: true }) },
}

/** Every route of the authorization server by path. */
export const OAUTH_ROUTES: Readonly<Record<string, OAuthRoute>> = {
  [OAUTH_PATHS.token]: {
    method: 'POST',
    agent: true,
    answer: (oauth, request, response) => oauth.token(request, response),
  },
  [OAUTH_PATHS.introspect]: {
    method: 'POST',
    agent: true,
    answer: (oauth, request) => oauth.introspect(request),
  },
  [OAUTH_PATHS.revoke]: {
    method: 'POST',
    agent: true,
    answer: (oauth, request) => oauth.revoke(request),
  },
  [OAUTH_PATHS.jwks]: { method: 'GET', agent: false, answer: (oauth) => oauth.jwks() },
  [OAUTH_PATHS.metadata]: { method: 'GET', agent: false, answer: (oauth) => oauth.metadata() },
  [OAUTH_PATHS.openid]: {
    method: 'GET',
    agent: false,
    answer: (oauth) => oauth.openidConfiguration(),
  },
}

/** Path of a request, without its query. */
export function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').split('?', 1)[0] ?? ''
}

/** Runs the route that a request names. */
export async function dispatch(
  request: IncomingMessage,
  response: ServerResponse,
  parts: {
    readonly identities: Identities
    readonly attestors?: Attestors
    readonly oauth?: OAuthServer
  },
): Promise<Json> {
  const path = pathOf(request)
  const { identities, attestors, oauth } = parts
  const attestRoute = Object.hasOwn(ATTEST_ROUTES, path) ? ATTEST_ROUTES[path] : undefined
  if (attestors !== undefined && attestRoute !== undefined && request.method === 'POST') {
    return attestRoute.answer({ identities, attestors }, request)
  }
  const route = Object.hasOwn(ROUTES, path) ? ROUTES[path] : undefined
  const oauthRoute = Object.hasOwn(OAUTH_ROUTES, path) ? OAUTH_ROUTES[path] : undefined
  const attestMethod = attestors === undefined ? undefined : attestRoute?.method
  const oauthMethod = oauth === undefined ? undefined : oauthRoute?.method
  const method = route?.method ?? attestMethod ?? oauthMethod
  if (method === undefined) throw fault('identity.no_route', 'there is no such route')
  if (request.method !== method) {
    response.setHeader('allow', method)
    throw fault('identity.method', `this route takes ${method}`)
  }
  if (route !== undefined) return route.answer(request, identities, response)
  if (oauth === undefined || oauthRoute === undefined) {
    throw fault('identity.no_route', 'there is no such route')
  }
  return oauthRoute.answer(oauth, request, response)
}
