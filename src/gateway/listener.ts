// Holds the gateway's listeners: TLS 1.3 with client certificates, and plain HTTP for tokens on loopback; bounded in size and time.

import { createServer as createPlain, STATUS_CODES, type Server as PlainServer } from 'node:http'
import { createServer as createSecure, type Server as SecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { SecureContextOptions } from 'node:tls'
import type { Entropy } from '../std/entropy.ts'
import { DpopChecks } from '../wire/dpop-checks.ts'
import type { EntryPorts } from './credential/enter.ts'
import type { Surface } from './credential/surface.ts'
import { GATEWAY_FAULTS, type GatewayCode } from './faults.ts'
import { Fronts } from './front/fronts.ts'
import { SECRET_BYTES } from './front/prelude.ts'
import type { Egress } from './egress/egress.ts'
import type { HookEndpoint } from './hooks/endpoint.ts'
import type { HttpEndpoint } from './http/endpoint.ts'
import type { McpEndpoint } from './mcp/endpoint.ts'
import type { WatchPort } from './ports.ts'
import { problem, problemText } from './problem.ts'
import { serveRequest } from './request.ts'

/** A listening gateway. */
export interface GatewayListener {
  readonly port: number
  /** Stops listening, and closes what is still open. */
  close(): Promise<void>
}

/** What both listeners are opened with. */
export interface ListenOptions {
  readonly host: string
  readonly port: number
  readonly endpoint: McpEndpoint
  readonly egress: Egress
  /** Absent: hooks are not answered here. */
  readonly hooks?: HookEndpoint
  readonly http: HttpEndpoint
  readonly ports: EntryPorts
  readonly entropy: Entropy
  /** Names under which it is reached besides those of this machine; absent: none. */
  readonly hosts?: () => readonly string[]
  /** Why no call can go out now; undefined where it can. */
  readonly unready?: () => string | undefined
  /** URL of the authorization server, once it is known. */
  readonly issuer: () => string
  /** True where tokens that are bound to no key are taken. */
  readonly unbound: boolean
}

const LIMITS = {
  // Uploads may take as long as a call may; who stops sending in the middle of one is let go long before.
  requestTimeout: 600_000,
  headersTimeout: 10_000,
  connectionsCheckingInterval: 5_000,
  keepAliveTimeout: 65_000,
  maxHeaderSize: 16_384,
}

/** How long a handshake may take (ms), and how many connections one listener has at once. */
const HANDSHAKE_MS = 10_000
const MAX_CONNECTIONS = 4_096
/** How often sessions are forgotten at most (ms): each costs a handshake anew. */
const FORGET_MS = 5_000

/** Codes of Node for broken HTTP that we have words of our own for. */
const BROKEN: Readonly<Record<string, GatewayCode>> = {
  HPE_HEADER_OVERFLOW: 'http.headers',
  ERR_HTTP_REQUEST_TIMEOUT: 'http.slow',
}

/**
 * Ends a connection that is no HTTP or no TLS: broken handshakes arrive here too, because node:https passes them on. The
 * connection is destroyed once the answer is out: its other half would stay open for as long as the client likes.
 */
function onBroken(error: Error, socket: Duplex, watch: WatchPort): void {
  const cause = 'code' in error ? String(error.code) : ''
  if (!/^(?:HPE_|ERR_HTTP_)/.test(cause)) {
    // Who merely left has asked for nothing.
    if (cause !== 'ECONNRESET' && cause !== 'EPIPE') watch.refused('tls_handshake')
    socket.destroy()
    return
  }
  watch.refused('malformed_http')
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const code = BROKEN[cause] ?? 'http.malformed'
  const { status, next } = GATEWAY_FAULTS[code]
  const detail = 'what arrived cannot be read as one request'
  const body = problemText({ status, code, detail, next })
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy())
}

/** Where certificates are put, now and whenever they change. */
type Certify = (server: Pick<SecureServer, 'setSecureContext'>) => () => void

/**
 * Listens with TLS 1.3, client certificates and tokens; `certify` gives the server its certificates and keeps them fresh. With
 * `workers`, so many threads do the TLS, and this one does the rest. Rejects with Node's error when the address is taken.
 */
export async function listenGateway(
  options: ListenOptions & { readonly certify: Certify; readonly workers: number },
): Promise<GatewayListener> {
  if (options.workers > 0) return listenBehindFronts(options)
  const server = createSecure({
    ...LIMITS,
    minVersion: 'TLSv1.3',
    requestCert: true,
    // A client without a good certificate is told why in words, not by a broken handshake; it gets no further.
    rejectUnauthorized: false,
    handshakeTimeout: HANDSHAKE_MS,
  })
  const stopCertifying = options.certify(server)
  forgetUnverified(server, options)
  const listener = await listen(server, { ...options, secure: true })
  return {
    ...listener,
    close: () => {
      stopCertifying()
      return listener.close()
    },
  }
}

/**
 * A session that is resumed repeats what was found of its certificate when it began: where that was made while a clock was wrong, a good
 * certificate would count for nothing until the session ends. So a certificate that did not verify has every session begin anew, now and then.
 */
function forgetUnverified(
  server: SecureServer,
  { entropy, ports }: Pick<ListenOptions, 'entropy' | 'ports'>,
): void {
  let last = -Infinity
  server.on('secureConnection', (socket) => {
    const resumed = socket.isSessionReused() && socket.getPeerX509Certificate() !== undefined
    const now = ports.clock.monotonic()
    if (socket.authorized || !resumed || now - last < FORGET_MS) return
    last = now
    server.setTicketKeys(Buffer.from(entropy.bytes(48)))
  })
}

/** Listens by threads that do the TLS: what they pass on is served here, as if it had come by this thread's own TLS. */
async function listenBehindFronts(
  options: ListenOptions & { readonly certify: Certify; readonly workers: number },
): Promise<GatewayListener> {
  const { host, port, entropy, ports, workers } = options
  await free(host, port)
  const server = createPlain(LIMITS)
  let fronts: Fronts | undefined
  let credential: SecureContextOptions = {}
  const stopCertifying = options.certify({
    setSecureContext: (now) => {
      credential = now
      fronts?.certify(now)
    },
  })
  const surface = serve(server, { ...options, secure: true })
  try {
    fronts = await Fronts.open(server, {
      count: workers,
      host,
      port,
      secret: entropy.bytes(SECRET_BYTES),
      credential,
      handshakeMs: HANDSHAKE_MS,
      maxConnections: MAX_CONNECTIONS,
      watch: ports.watch,
    })
  } catch (error) {
    stopCertifying()
    server.close()
    throw error
  }
  const { port: taken } = fronts
  surface.port = taken
  const listening = fronts
  return {
    port: taken,
    close: async () => {
      stopCertifying()
      await listening.close()
      await ended(server)
    },
  }
}

/** Several may listen on one address where each says so: whoever is there already has to be found before. */
async function free(host: string, port: number): Promise<void> {
  if (port === 0) return
  const probe = createPlain()
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject)
    probe.listen(port, host, resolve)
  })
  await ended(probe)
}

/** Listens without TLS, for tokens that are bound to a key by DPoP. Only ever on loopback; rejects like `listenGateway`. */
export function listenPlainGateway(options: ListenOptions): Promise<GatewayListener> {
  if (options.host !== '127.0.0.1') throw new TypeError('plain HTTP is for loopback alone')
  return listen(createPlain(LIMITS), { ...options, secure: false })
}

/** Lets a server answer requests. The port of its surface is set once it is known. */
function serve(
  server: PlainServer | SecureServer,
  options: ListenOptions & { readonly secure: boolean },
): Surface {
  const { egress, endpoint, entropy, hooks, hosts, http, issuer, ports, secure, unbound, unready } =
    options
  const { watch } = ports
  const proofs = new DpopChecks({ key: entropy.bytes(32), clock: ports.clock })
  const own = { secure, port: options.port, ...(hosts && { hosts }), ...(unready && { unready }) }
  const surface: Surface = { ...own, proofs, issuer, unbound }
  server.on('request', (request, response) => {
    serveRequest(
      { egress, endpoint, http, ports, surface, ...(hooks && { hooks }) },
      request,
      response,
    ).catch((error: unknown) => {
      watch.note('request failed inside', { error: String(error) })
      if (!response.headersSent) problem(response, 'call.internal', 'an unexpected error')
      else response.destroy()
    })
  })
  server.on('connect', (request, client, head) => {
    egress.connect(request, client, head).catch((error: unknown) => {
      watch.note('request failed inside', { error: String(error) })
      client.destroy()
    })
  })
  server.maxConnections = MAX_CONNECTIONS
  server.on('clientError', (error, socket) => onBroken(error, socket, watch))
  return surface
}

async function listen(
  server: PlainServer | SecureServer,
  options: ListenOptions & { readonly secure: boolean },
): Promise<GatewayListener> {
  const surface = serve(server, options)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, resolve)
  })
  surface.port = (server.address() as AddressInfo).port
  return { port: surface.port, close: () => ended(server) }
}

function ended(server: PlainServer | SecureServer): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
