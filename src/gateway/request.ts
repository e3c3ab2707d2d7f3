// Holds what becomes of one HTTP request at the gateway: the same at both listeners, whatever it shows as its credential.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { stringifyJson } from '../std/json.ts'
import { BODY_LIMIT, readBody } from './body.ts'
import { CallControl } from './call.ts'
import { challenges } from './credential/challenge.ts'
import { enter, placeOf, type EntryPorts } from './credential/enter.ts'
import { metadataUrl, resourceMetadata, scopeOf } from './credential/metadata.ts'
import { isRefusal, type CredentialRefusal } from './credential/refusal.ts'
import { originNamed, type Surface } from './credential/surface.ts'
import { peerOf } from './front/peer.ts'
import { isProxied } from './egress/egress-target.ts'
import type { Egress } from './egress/egress.ts'
import { VIGIL_PATH } from './egress/vigil.ts'
import { hasBody } from './http/body-read.ts'
import type { HookEndpoint } from './hooks/endpoint.ts'
import { exchangeHook } from './hooks/exchange.ts'
import type { HttpEndpoint } from './http/endpoint.ts'
import { exchangeHttp } from './http/exchange.ts'
import type { McpEndpoint } from './mcp/endpoint.ts'
import { McpReply } from './mcp/reply.ts'
import { challenged, problem } from './problem.ts'

const NO_BODY = new Uint8Array()

/** How long the rest of a body over the limit is waited for (ms). */
const LINGER_MS = 2_000

const PATH = /^\/mcp(?:\/([a-z0-9]+(?:-[a-z0-9]+)*))?$/

/** HTTP APIs: what stands below is read by their own surface. */
const HTTP_PATH = /^\/http\/([a-z0-9]+(?:-[a-z0-9]+)*)(?:\/|$)/

/** Hooks of clients: what their own tools are about to do. */
const HOOK_PATH = /^\/hooks\/([a-z0-9]+(?:-[a-z0-9]+)*)$/

/** What requests are answered with. */
export interface RequestParts {
  readonly endpoint: McpEndpoint
  readonly egress: Egress
  readonly hooks?: HookEndpoint
  readonly http: HttpEndpoint
  readonly ports: EntryPorts
  readonly surface: Surface
}

/** Answers one request. */
export async function serveRequest(
  parts: RequestParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { ports, surface } = parts
  const { watch } = ports
  const { host, origin } = request.headers
  if (isProxied(request)) return parts.egress.request(request, response)
  // A page whose name was pointed at this machine says that name (DNS rebinding); TLS would not have let it this far.
  if (!surface.secure && originNamed(surface, host) === undefined) {
    watch.refused('host')
    return problem(response, 'http.host', 'this is not the address of the gateway')
  }
  const path = (request.url ?? '').split('?', 1)[0]!
  if (path === '/healthz' && request.method === 'GET') return json(response, '{"status":"ok"}')
  if (path === '/readyz' && request.method === 'GET') {
    const why = surface.unready?.()
    if (why === undefined) return json(response, '{"ready":true}')
    return json(response, JSON.stringify({ ready: false, why }), 503)
  }
  if (path === VIGIL_PATH && request.method === 'GET') {
    return parts.egress.vigils.open(request, response)
  }
  const metadata = resourceMetadata(surface, host, path)
  const mcp = PATH.exec(path)
  // `/mcp` alone joins every system.
  const system = mcp === null ? undefined : (mcp[1] ?? '')
  const api = HTTP_PATH.exec(path)?.[1]
  const client = HOOK_PATH.exec(path)?.[1]
  if ((system ?? api ?? client ?? metadata) === undefined) {
    watch.refused('unknown_path')
    return problem(response, 'http.path', 'no such address')
  }
  if (origin !== undefined && !(mcp !== null && isOwnOrigin(surface, request))) {
    watch.refused('origin')
    return problem(response, 'http.origin', 'requests with an Origin are refused')
  }
  if (system !== undefined) return exchange(parts, request, response, { path, system })
  if (api !== undefined) return exchangeHttp(parts, request, response, { path, system: api })
  if (client !== undefined) {
    const { hooks } = parts
    if (hooks === undefined) return problem(response, 'http.path', 'hooks are answered by control')
    return exchangeHook({ hooks, ports, surface }, request, response, { path, client })
  }
  if (request.method !== 'GET') return problem(response, 'http.method', 'only GET is served')
  return json(response, stringifyJson(metadata!))
}

/**
 * True where a program repeats our own origin, as MCP clients may ("Security Warning" of Streamable HTTP). A page says besides how it
 * was fetched, which it cannot keep from saying (W3C Fetch Metadata): pages are refused whatever their origin.
 */
function isOwnOrigin(surface: Surface, { headers }: IncomingMessage): boolean {
  if (headers['sec-fetch-site'] !== undefined) return false
  return headers.origin === originNamed(surface, headers.host)
}

function json(response: ServerResponse, body: string, status = 200): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    // Nobody waits for a body that nobody reads.
    ...(hasBody(response.req) && { connection: 'close' }),
  })
  response.end(body)
}

async function exchange(
  { endpoint, ports, surface }: RequestParts,
  request: IncomingMessage,
  response: ServerResponse,
  { path, system }: { readonly path: string; readonly system: string },
): Promise<void> {
  const { method } = request
  // A session of 2025-11-25 is listened to by GET, and ended by DELETE.
  const ofSession = method === 'GET' || method === 'DELETE'
  if (method !== 'POST' && !ofSession) {
    return problem(response, 'http.method', 'only POST is served')
  }
  const type = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
  if (!ofSession && type !== 'application/json') {
    return problem(response, 'http.media_type', 'the body is not declared as JSON')
  }
  const { certificate } = peerOf(request.socket)
  const challenge = (refusal: CredentialRefusal) => ({
    challenges: challenges(refusal, {
      metadata: metadataUrl(surface, request.headers.host, path),
      scope: scopeOf(path),
    }),
    nonce: surface.proofs.nonces.next(),
  })
  // Before a byte of the body is read: nobody unknown costs memory.
  const entered = await enter(request, surface, { path, certificate }, ports)
  if (isRefusal(entered)) return challenged(response, entered, challenge(entered))
  if (entered.renewNonce) response.setHeader('dpop-nonce', surface.proofs.nonces.next())
  const body = ofSession ? NO_BODY : await readBody(request)
  if (body === undefined) return
  if (body === 'slow') return problem(response, 'http.slow', 'the body did not come in time')
  if (body === 'too-large') {
    setTimeout(() => request.complete || request.destroy(), LINGER_MS).unref()
    return problem(response, 'http.body', `more than ${BODY_LIMIT} bytes`)
  }
  const control = new CallControl()
  const reply = new McpReply(response, request.headers.accept)
  response.on('close', () => {
    if (response.writableFinished) return
    control.left()
    reply.drop()
  })
  const exchanged = {
    presented: entered.presented,
    place: placeOf(request),
    listener: surface.secure ? 'gateway-tls' : 'gateway',
    challenge: (refusal: CredentialRefusal) => challenge(refusal).challenges,
    system,
    headers: request.headers,
    body,
    reply,
    response,
    control,
  }
  if (method === 'GET') return endpoint.listen(exchanged)
  if (method === 'DELETE') return endpoint.end(exchanged)
  await endpoint.serve(exchanged)
}
