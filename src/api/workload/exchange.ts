// Holds one request over HTTP/2 as the gRPC handlers want it: nothing of the peer's but path, headers and body gets through.

import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import { constants } from 'node:http2'
import { createContextValues } from '@connectrpc/connect'
import { universalResponseToNodeResponse } from '@connectrpc/connect-node'
import type { UniversalHandler } from '@connectrpc/connect/protocol'
import type { Timer } from '../../std/timer.ts'
import type { Caller } from './caller.ts'
import { CALLER } from './gate.ts'

/** How long a request may take to arrive (ms). */
const ARRIVAL_MS = 10_000

/** The headers of a request, without HTTP/2's own. */
function headersOf(request: Http2ServerRequest): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(request.headers)) {
    if (name.startsWith(':') || value === undefined) continue
    for (const one of Array.isArray(value) ? value : [value]) headers.append(name, one)
  }
  return headers
}

/**
 * Serves one request. The authority that the peer names is left aside: over a unix socket clients write what they like there, some of
 * them no host at all. Rejects where the answer could not be written, or the request not read.
 */
export async function serveRequest(of: {
  readonly request: Http2ServerRequest
  readonly response: Http2ServerResponse
  readonly handlers: ReadonlyMap<string, UniversalHandler>
  readonly caller: Omit<Caller, 'outgoing'>
  readonly timer: Timer
}): Promise<void> {
  const { request, response, handlers, caller, timer } = of
  const { stream } = request
  const path = request.url.split('?', 1)[0] ?? ''
  const handler = handlers.get(path)
  if (handler === undefined) {
    // gRPC reads 404 as `Unimplemented` (its mapping from HTTP status codes).
    response.writeHead(404)
    response.end()
    return
  }
  const cut = (): void => stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM)
  const late = timer.after(ARRIVAL_MS, () => {
    if (!request.complete) cut()
  })
  const gone = new AbortController()
  request.once('close', () => {
    late()
    gone.abort()
  })
  const outgoing = { unread: () => stream.writableLength > 0, cut }
  const answer = await handler({
    httpVersion: '2.0',
    method: request.method,
    url: `http://localhost${path}`,
    header: headersOf(request),
    body: request as AsyncIterable<Uint8Array>,
    signal: gone.signal,
    contextValues: createContextValues().set(CALLER, { ...caller, outgoing }),
  })
  await universalResponseToNodeResponse(answer, response)
}
