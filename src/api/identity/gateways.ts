// Holds the route by which gateways enrol: with a join token, once, and a key that was made there.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { TLSSocket } from 'node:tls'
import { hex, sha256 } from '../../std/bytes.ts'
import type { Gateways } from '../../authority/gateways/gateways.ts'
import type { Roots } from '../../authority/identity/roots.ts'
import { parseGatewayEnrol } from '../../wire/gateway-identity.ts'
import { parseRenewRequest } from '../../wire/identity.ts'
import { answer, readBody } from './exchange.ts'
import { fault } from './faults.ts'
import { pathOf } from './routes.ts'

const GATEWAY_PATHS = { enrol: '/v1/gateways/enroll', renew: '/v1/gateways/renew' } as const

/** Whether a path is one of gateways. */
export function isGatewayPath(path: string): boolean {
  return path === GATEWAY_PATHS.enrol || path === GATEWAY_PATHS.renew
}

/** Answers one request of a gateway. Throws what the listener refuses with. */
export async function enrolGateway(
  gateways: Gateways,
  roots: Roots,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== 'POST') {
    response.setHeader('allow', 'POST')
    throw fault('identity.method', 'this route takes POST')
  }
  const body = await readBody(request)
  if (pathOf(request) === GATEWAY_PATHS.enrol) {
    return answer(response, { ...(await gateways.enrol(parseGatewayEnrol(body), roots)) })
  }
  const { csr } = parseRenewRequest(body)
  answer(response, { ...(await gateways.renewAway(shownBy(request), csr, roots)) })
}

/** The certificate whose key this connection has shown, past or not: the registry says what it is worth. */
function shownBy({ socket }: IncomingMessage): string {
  const shown = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined
  if (shown !== undefined) return hex(sha256(shown.raw))
  throw fault('identity.client_certificate', 'the connection has no client certificate')
}
