// Holds the gateway's listener: TLS 1.3 with client certificates, bounded in size and time, one path for each system.

import { createServer, type Server } from 'node:https'
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { CallControl } from './call.ts'
import { GATEWAY_FAULTS, type GatewayCode } from './faults.ts'
import { McpReply } from './mcp/reply.ts'
import type { McpEndpoint } from './mcp/endpoint.ts'
import type { WatchPort } from './ports.ts'

/** Bytes of one request body. */
const BODY_LIMIT = 1_048_576

/** A listening gateway. */
export interface GatewayListener {
  readonly server: Server
  readonly port: number
  /** Stops listening, and closes what is still open. */
  close(): Promise<void>
}

/** The fingerprint of the certificate of each connection, taken once: what it is worth is asked for every request. */
const fingerprints = new WeakMap<TLSSocket, string | undefined>()

function fingerprintOf(socket: TLSSocket): string | undefined {
  if (fingerprints.has(socket)) return fingerprints.get(socket)
  const certificate = socket.authorized ? socket.getPeerX509Certificate() : undefined
  const fingerprint = certificate?.fingerprint256.replaceAll(':', '').toLowerCase()
  fingerprints.set(socket, fingerprint)
  return fingerprint
}

function problemText(code: GatewayCode, detail: string): string {
  const { status, next } = GATEWAY_FAULTS[code]
  return JSON.stringify({ type: 'about:blank', title: code, status, code, detail, next })
}

/** Bytes of a body over the limit that are read and dropped; the connection of who sends more is cut. */
const READ_OVER = 16 * BODY_LIMIT

/** How long the rest of such a body is waited for (ms). */
const LINGER_MS = 2_000

/** Answers what is no MCP exchange, as problem+json (RFC 9457). */
function problem(response: ServerResponse, code: GatewayCode, detail: string): void {
  const { status } = GATEWAY_FAULTS[code]
  const body = problemText(code, detail)
  response.writeHead(status, {
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(body),
    // Who is still sending would lose this answer with the connection: the rest of its body is read over instead.
    ...(code !== 'http.body' && { connection: 'close' }),
    ...(status === 405 && { allow: 'POST' }),
  })
  response.end(body)
}

/** The body, or undefined when it is over the limit or broke off. */
function readBody(request: IncomingMessage): Promise<Uint8Array | 'too-large' | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= BODY_LIMIT) chunks.push(chunk)
      else if (size <= READ_OVER) resolve('too-large')
      else request.destroy()
    })
    request.on('end', () => resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)))
    request.on('error', () => resolve(undefined))
    request.on('aborted', () => resolve(undefined))
  })
}

const PATH = /^\/mcp\/([a-z0-9]+(?:-[a-z0-9]+)*)$/

async function serve(
  endpoint: McpEndpoint,
  watch: WatchPort,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = (request.url ?? '').split('?', 1)[0]!
  if (path === '/healthz' && request.method === 'GET') {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"ok"}')
    return
  }
  const system = PATH.exec(path)?.[1]
  if (system === undefined) {
    watch.refused('unknown_path')
    return problem(response, 'http.path', 'no such address')
  }
  if (request.headers.origin !== undefined) {
    watch.refused('origin')
    return problem(response, 'http.origin', 'requests with an Origin are refused')
  }
  if (!(request.socket instanceof TLSSocket))
    throw new TypeError('the gateway listens on TLS alone')
  const certificate = fingerprintOf(request.socket)
  if (request.method !== 'POST') return problem(response, 'http.method', 'only POST is served')
  const type = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
  if (type !== 'application/json') {
    return problem(response, 'http.media_type', 'the body is not declared as JSON')
  }
  if (certificate === undefined) {
    // Before a byte of the body is read: nobody unknown costs memory.
    watch.refused('no_certificate')
    return problem(response, 'authenticate.no_certificate', 'no client certificate was shown')
  }
  const body = await readBody(request)
  if (body === undefined) return
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
  await endpoint.serve({ certificate, system, headers: request.headers, body, reply, control })
}

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
  const { status } = GATEWAY_FAULTS[code]
  const body = problemText(code, 'what arrived cannot be read as one request')
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy())
}

/**
 * Starts to listen; `certify` gives the server its certificates and keeps them fresh. Rejects with Node's error when the
 * address is taken.
 */
export async function listenGateway(options: {
  readonly host: string
  readonly port: number
  readonly certify: (server: Server) => () => void
  readonly endpoint: McpEndpoint
  readonly watch: WatchPort
}): Promise<GatewayListener> {
  const { endpoint, watch } = options
  const server: Server = createServer(
    {
      minVersion: 'TLSv1.3',
      requestCert: true,
      // A client without a good certificate is told why in words, not by a broken handshake; it gets no further.
      rejectUnauthorized: false,
      requestTimeout: 30_000,
      handshakeTimeout: 10_000,
      headersTimeout: 10_000,
      connectionsCheckingInterval: 5_000,
      keepAliveTimeout: 65_000,
      maxHeaderSize: 16_384,
    },
    (request, response) => {
      serve(endpoint, watch, request, response).catch((error: unknown) => {
        watch.note('request failed inside', { error: String(error) })
        if (!response.headersSent) problem(response, 'call.internal', 'an unexpected error')
        else response.destroy()
      })
    },
  )
  server.maxConnections = 4_096
  server.on('clientError', (error, socket) => onBroken(error, socket, watch))
  const stopCertifying = options.certify(server)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, resolve)
  })
  return {
    server,
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        stopCertifying()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
