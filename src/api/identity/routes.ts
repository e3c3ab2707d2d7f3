// Holds the routes of the identity listener; an agent's certificate is accepted by exactly those listed as such (INV-9).

import type { IncomingMessage, ServerResponse } from 'node:http'
import { TLSSocket } from 'node:tls'
import { hex, sha256 } from '../../std/bytes.ts'
import type { Json } from '../../std/json.ts'
import { parseEnrolRequest, parseRenewRequest, type IssuedIdentity } from '../../wire/identity.ts'
import type { Identities } from '../../authority/identity/identities.ts'
import { readBody } from './exchange.ts'
import { fault } from './faults.ts'

/** One route: what it accepts, and what it answers. */
export interface Route {
  readonly method: 'GET' | 'POST'
  /** True where the caller is known by its certificate: such a route can only continue or narrow what the caller has. */
  readonly agent: boolean
  answer(request: IncomingMessage, identities: Identities): Json | Promise<Json>
}

/**
 * SHA-256 (hex) of the client certificate of this connection. TLS has shown that the peer holds the key and that the chain is
 * ours, once, perhaps in an earlier session; whether the identity is live is asked of the authority on every request.
 */
function peer(request: IncomingMessage): string {
  const { socket } = request
  const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined
  if (!(socket instanceof TLSSocket) || certificate === undefined) {
    throw fault('identity.client_certificate', 'the connection has no client certificate')
  }
  if (!socket.authorized) {
    throw fault('identity.client_certificate', 'the client certificate is not valid here')
  }
  return hex(sha256(certificate.raw))
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
    answer: (_request, identities) => identities.bundle(),
  },
  '/healthz': { method: 'GET', agent: false, answer: () => ({ ok: true }) },
}

/** Runs the route that a request names. */
export async function dispatch(
  request: IncomingMessage,
  response: ServerResponse,
  identities: Identities,
): Promise<Json> {
  const [path = ''] = (request.url ?? '').split('?', 1)
  const route = Object.hasOwn(ROUTES, path) ? ROUTES[path] : undefined
  if (route === undefined) throw fault('identity.no_route', 'there is no such route')
  if (request.method !== route.method) {
    response.setHeader('allow', route.method)
    throw fault('identity.method', `this route takes ${route.method}`)
  }
  return route.answer(request, identities)
}
