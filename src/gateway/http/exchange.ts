// Holds the way in to HTTP APIs: the credential is taken before a byte of the body is read, and what is left of it is not waited for.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { CallControl } from '../call.ts'
import { challenges } from '../credential/challenge.ts'
import { enter, placeOf, type EntryPorts } from '../credential/enter.ts'
import { metadataUrl, scopeOf } from '../credential/metadata.ts'
import { isRefusal, type CredentialRefusal } from '../credential/refusal.ts'
import type { Surface } from '../credential/surface.ts'
import { peerOf } from '../front/peer.ts'
import { challenged } from '../problem.ts'
import type { HttpEndpoint } from './endpoint.ts'
import { HttpReply } from './reply.ts'

/** How long the rest of a body is read over that nobody wants any more (ms). */
const LINGER_MS = 2_000

/** What requests to HTTP APIs are answered with. */
export interface HttpExchangeParts {
  readonly http: HttpEndpoint
  readonly ports: EntryPorts
  readonly surface: Surface
}

/** Answers one request for `/http/<system>/…`; `path` is that of its target, as it came. */
export async function exchangeHttp(
  { http, ports, surface }: HttpExchangeParts,
  request: IncomingMessage,
  response: ServerResponse,
  { path, system }: { readonly path: string; readonly system: string },
): Promise<void> {
  const resource = `/http/${system}`
  const challenge = (refusal: CredentialRefusal) => ({
    challenges: challenges(refusal, {
      metadata: metadataUrl(surface, request.headers.host, resource),
      scope: scopeOf(resource),
    }),
    nonce: surface.proofs.nonces.next(),
  })
  const { certificate } = peerOf(request.socket)
  // A token for a system is for it, whichever way it is spoken to.
  const resources = [resource, `/mcp/${system}`]
  const entered = await enter(request, surface, { path, certificate, resources }, ports)
  if (isRefusal(entered)) return challenged(response, entered, challenge(entered))
  const reply = new HttpReply(response, request.method ?? '')
  if (entered.renewNonce) reply.set('dpop-nonce', surface.proofs.nonces.next())
  const control = new CallControl()
  response.on('close', () => {
    if (!response.writableFinished) control.left()
  })
  try {
    await http.serve({
      presented: entered.presented,
      place: placeOf(request),
      listener: surface.secure ? 'gateway-tls' : 'gateway',
      challenge: (refusal) => challenge(refusal).challenges,
      system,
      request,
      reply,
      control,
    })
  } finally {
    if (!request.complete) linger(request)
  }
}

/** Who is still sending would lose the answer with the connection: the rest is read over for a while, and then cut. */
function linger(request: IncomingMessage): void {
  request.on('error', () => undefined)
  // Whoever pulled from it listens still, and nothing would flow.
  request.removeAllListeners('readable')
  request.on('data', () => undefined)
  setTimeout(() => request.complete || request.destroy(), LINGER_MS).unref()
}
