// Holds the identity listener: TLS 1.3, client certificates asked for and never taken on trust, small bodies, short waits.

import { createServer, type Server } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { publicFault } from '../../std/fault.ts'
import type { Observe } from '../../wire/observation.ts'
import type { Clock } from '../../std/clock.ts'
import type { Timer } from '../../std/timer.ts'
import type { Gateways } from '../../authority/gateways/gateways.ts'
import type { Identities } from '../../authority/identity/identities.ts'
import type { AltName } from '../../authority/identity/extension.ts'
import type { Roots } from '../../authority/identity/roots.ts'
import { keepCertified, pinnedContexts } from '../../authority/identity/serving.ts'
import type { Attestors } from '../../authority/identity/attest/attestors.ts'
import type { Signals } from '../../authority/signals/signals.ts'
import type { OAuthServer } from '../oauth/server.ts'
import type { PublicLog } from '../../audit/public/public-log.ts'
import { answer, refuse, refuseWith } from './exchange.ts'
import { dispatch, OAUTH_ROUTES, pathOf } from './routes.ts'
import { enrolGateway, isGatewayPath } from './gateways.ts'
import { READY_PATH, tellReady } from './ready.ts'
import { seenIn } from './seen.ts'
import { signalSource, takeSignal } from './signals.ts'

/** What the listener needs. */
export interface IdentityListenerOptions {
  readonly identities: Identities
  readonly roots: Roots
  /** What attests workloads over the network; without it its routes are not there. */
  readonly attestors?: Attestors
  /** The authorization server; without one its routes are not there. */
  readonly oauth?: OAuthServer
  /** What takes security events of others; without it its paths are not there. */
  readonly signals?: Signals
  /** The public face of the log; without it its paths are not there. */
  readonly log?: PublicLog
  /** Gateways that enrol; without them their route is not there. */
  readonly gateways?: Gateways
  /** Names besides those of this machine under which it is reached. */
  readonly names?: readonly AltName[]
  /** Why no call can be governed now; undefined where it can. */
  readonly unready?: () => string | undefined
  readonly clock: Clock
  readonly timer: Timer
  /** Told of instances that come and go on. */
  readonly observe?: Observe
  /** Counts a refusal by its code, of callers that are nobody yet; records of them are aggregated elsewhere. */
  readonly onRefused: (kind: string) => void
  /** Told what nobody foresaw, for the operator's own log. */
  readonly onFailure: (error: unknown) => void
}

/** The listener, not listening yet. */
export interface IdentityListener {
  readonly server: Server
  /** Ends every connection and stops. */
  readonly close: () => Promise<void>
}

/** Makes the identity listener; the caller binds it. */
export function identityListener(options: IdentityListenerOptions): IdentityListener {
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      if (options.log !== undefined && (await options.log.serve(request, response))) return
      const source = signalSource(pathOf(request))
      if (options.signals !== undefined && source !== undefined) {
        return await takeSignal(options.signals, source, request, response)
      }
      if (options.gateways !== undefined && isGatewayPath(pathOf(request))) {
        return await enrolGateway(options.gateways, options.roots, request, response)
      }
      if (pathOf(request) === READY_PATH) {
        return tellReady(options.unready, request, response)
      }
      const told = await dispatch(request, response, options)
      const seen = seenIn(pathOf(request), told, request, options.clock.now())
      if (seen !== undefined) options.observe?.(seen)
      answer(response, told)
    } catch (error) {
      const { code, status } = publicFault(error)
      if (status >= 500) options.onFailure(error)
      else options.onRefused(code)
      if (response.destroyed || response.headersSent) return
      const { oauth } = options
      const isOAuth = oauth !== undefined && Object.hasOwn(OAUTH_ROUTES, pathOf(request))
      if (isOAuth && code !== 'identity.method') refuseWith(response, oauth.refusal(error, request))
      else refuse(response, error)
    }
  }
  const server = createServer(
    {
      minVersion: 'TLSv1.3',
      requestCert: true,
      // Enrolment has no certificate yet; routes that need one check it themselves.
      rejectUnauthorized: false,
      SNICallback: pinnedContexts({ ...options, role: 'identity' }),
      handshakeTimeout: 10_000,
      headersTimeout: 10_000,
      requestTimeout: 15_000,
      keepAliveTimeout: 30_000,
      connectionsCheckingInterval: 5_000,
    },
    (request, response) => void handle(request, response),
  )
  server.maxConnections = 1_024
  server.maxHeadersCount = 64
  server.on('drop', () => options.onRefused('identity.connections'))
  // Broken handshakes arrive here too: node:https passes them on.
  server.on('clientError', (error, socket) => {
    const code = 'code' in error ? String(error.code) : ''
    const http = /^(?:HPE_|ERR_HTTP_)/.test(code)
    if (code !== 'ECONNRESET' && code !== 'EPIPE') {
      options.onRefused(http ? 'identity.http' : 'identity.tls')
    }
    if (http && socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n')
    else socket.destroy()
  })
  const stopCertifying = keepCertified(server, { ...options, role: 'identity' })
  return {
    server,
    close: () =>
      new Promise((resolve) => {
        stopCertifying()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
