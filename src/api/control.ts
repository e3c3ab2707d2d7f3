// Holds the control API put together: for people and their programs on loopback, and by TLS for those beyond; nothing for agents.

import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http'
import { createServer as createSecure, type Server as SecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { publicFault } from '../std/fault.ts'
import { uuidv7 } from '../std/id.ts'
import { serveAgents } from './agents/routes.ts'
import { serveAmendments } from './amendments/routes.ts'
import { serveApprovals } from './approvals/routes.ts'
import { serveChecks } from './checks/routes.ts'
import { serveGateways } from './gateways/routes.ts'
import { serveAuthzen } from './authzen/routes.ts'
import { serveRetention } from './audit/retention.ts'
import { serveBackups } from './backups.ts'
import { serveAudit } from './audit/routes.ts'
import { servePayloads } from './audit/payloads.ts'
import { serveErasures } from './erasures/routes.ts'
import { serveExports } from './exports/routes.ts'
import { serveAuthority } from './authority/routes.ts'
import { serveConnections } from './connections/routes.ts'
import { serveConsole } from './console/routes.ts'
import { serveConsent } from './consent/routes.ts'
import { serveCredentials } from './credentials/routes.ts'
import { serveEnforcers } from './enforcers/routes.ts'
import { serveFindings } from './findings/routes.ts'
import { misdirected } from './host.ts'
import { serveInstances } from './instances/routes.ts'
import { serveRegistrations } from './registrations/routes.ts'
import { serveTrust } from './trust/routes.ts'
import { serveHistory } from './history/routes.ts'
import { serveLimits } from './limits/routes.ts'
import { serveLocks } from './locks/routes.ts'
import { serveLogin } from './login/routes.ts'
import { noRoute } from './no-route.ts'
import { serveOperations } from './operations/routes.ts'
import { troublePage, wantsPage } from './page/trouble.ts'
import { servePeople } from './people/routes.ts'
import { serveExplain } from './policies/explain.ts'
import { serveReach } from './policies/reach.ts'
import { servePolicies } from './policies/routes.ts'
import type { ControlPorts } from './ports.ts'
import { problem } from './problem.ts'
import { Surface } from './serve.ts'
import { serveStatus } from './status/routes.ts'
import { serveLabels } from './systems/labels.ts'
import { serveQuarantines } from './systems/quarantine.ts'
import { serveSystems } from './systems/routes.ts'
import { serveTriggers } from './systems/triggers.ts'
import { serveDelegations } from './delegations/routes.ts'
import { serveTasks } from './tasks/routes.ts'
import { serveGovernance } from './governance/routes.ts'
import { serveTeams } from './teams/routes.ts'

/** Port of the control listener where nothing else is said (DESIGN §7). */
const DEFAULT_PORT = 7400

/** On every answer, whatever it is. */
const HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
}

/** The control API, listening or not. */
export interface Control {
  /** Answers one request. Until it listens, its port is 7400 as far as Host and Origin are concerned. */
  fetch(request: Request): Promise<Response>
  /** Listens; rejects with the system's own error (`EADDRINUSE`). `host` is of loopback: it has no TLS. */
  listen(at: { readonly host: string; readonly port: number }): Promise<Listening>
  /**
   * Listens besides by TLS 1.3, for whatever ends the TLS of browsers before it; `certify` gives it certificates and keeps them fresh.
   * It answers to its origin and nothing else. Rejects like `listen`.
   */
  listenBeyond(at: {
    readonly host: string
    readonly port: number
    readonly origin: string
    readonly certify: (server: Pick<SecureServer, 'setSecureContext'>) => () => void
  }): Promise<Listening>
}

/** A listener that listens. */
interface Listening {
  readonly port: number
  readonly close: () => Promise<void>
}

/** Puts the control API together. Throws where a route of the table is served by nobody. */
export function openControl(ports: ControlPorts): Control {
  let port = DEFAULT_PORT
  let beyond: string | undefined
  const surface = new Surface(ports)
  const { app } = surface
  app.use('*', async (c, next) => {
    c.set('requestId', uuidv7(ports.clock, ports.entropy))
    const refused = misdirected(c.req.raw, { beyond, port })
    if (refused !== undefined) throw refused
    await next()
  })
  app.onError((error, c) => {
    const requestId = c.get('requestId')
    const { status, code } = publicFault(error)
    if (status >= 500) ports.failed(error, requestId)
    else if (status === 401 || code === 'api.host' || code === 'api.origin') ports.refused(code)
    return wantsPage(c.req.raw) ? troublePage(error, requestId) : problem(error, requestId)
  })
  app.notFound((c) => {
    const { fault, allow } = noRoute(new URL(c.req.url).pathname)
    if (wantsPage(c.req.raw)) return troublePage(fault, c.get('requestId'))
    const headers = allow.length === 0 ? {} : { allow: allow.join(', ') }
    return problem(fault, c.get('requestId'), headers)
  })
  serveEverything(surface, ports)
  const missing = surface.missing()
  if (missing.length > 0) throw new Error(`nobody serves ${missing.join(', ')}`)
  const fetch = async (request: Request): Promise<Response> => {
    const response = await app.fetch(request)
    echoRequestId(request, response)
    // Whoever came by TLS once comes by nothing else (RFC 6797).
    if (new URL(request.url).protocol === 'https:') {
      response.headers.set('strict-transport-security', 'max-age=31536000')
    }
    for (const [name, value] of Object.entries(HEADERS)) {
      // A page with forms says more than this, and a file that never changes may be kept: they say so themselves.
      if (!['cache-control', 'referrer-policy'].includes(name) || !response.headers.has(name))
        response.headers.set(name, value)
    }
    return response
  }
  return {
    fetch,
    listen: async (at) => {
      const server = bounded(createServer(LIMITS, requestListener(fetch, ports)))
      port = await bind(server, at, ports)
      return { port, close: () => closed(server) }
    },
    listenBeyond: async ({ certify, origin, ...at }) => {
      const options = { ...LIMITS, minVersion: 'TLSv1.3', handshakeTimeout: 10_000 } as const
      const server = bounded(createSecure(options, requestListener(fetch, ports)))
      beyond = origin
      const stop = certify(server)
      const listening = await bind(server, at, ports).catch((error: unknown) => {
        stop()
        throw error
      })
      return {
        port: listening,
        close: () => {
          stop()
          return closed(server)
        },
      }
    },
  }
}

/** Every noun of the API. */
function serveEverything(surface: Surface, ports: ControlPorts): void {
  serveOperations(surface, ports)
  serveStatus(surface, ports)
  servePeople(surface, ports)
  serveLogin(surface, ports)
  serveConsole(surface, ports)
  serveAgents(surface, ports)
  serveTeams(surface, ports)
  serveDelegations(surface, ports)
  serveTasks(surface, ports)
  serveInstances(surface, ports)
  serveRegistrations(surface, ports)
  serveTrust(surface, ports)
  serveGovernance(surface, ports)
  serveSystems(surface, ports)
  serveLabels(surface, ports)
  serveQuarantines(surface, ports)
  serveCredentials(surface, ports)
  serveTriggers(surface, ports)
  servePolicies(surface, ports)
  serveExplain(surface, ports)
  serveReach(surface, ports)
  serveApprovals(surface, ports)
  serveAmendments(surface, ports)
  serveChecks(surface, ports)
  serveGateways(surface, ports)
  serveLocks(surface, ports)
  serveLimits(surface, ports)
  serveHistory(surface, ports)
  serveFindings(surface, ports)
  serveConnections(surface, ports)
  serveEnforcers(surface, ports)
  serveAuthzen(surface, ports)
  serveConsent(surface, ports)
  serveAudit(surface, ports)
  serveBackups(surface, ports)
  servePayloads(surface, ports)
  serveErasures(surface, ports)
  serveExports(surface, ports)
  serveRetention(surface, ports)
  serveAuthority(surface, ports)
}

/** Whoever names their request finds the name on the answer, whatever that is: any text that a header can have (AuthZEN 1.0 §10.1). */
function echoRequestId(request: Request, response: Response): void {
  const id = request.headers.get('x-request-id')
  if (id === null || !/^[\t\x20-\x7e\x80-\xff]{1,1024}$/.test(id)) return
  if (new URL(request.url).pathname.startsWith('/access/')) response.headers.set('x-request-id', id)
}

/** Little patience, few headers, few connections. */
const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 30_000,
  connectionsCheckingInterval: 5_000,
} as const satisfies ServerOptions

function bounded<S extends Server | SecureServer>(server: S): S {
  server.maxConnections = 512
  server.maxHeadersCount = 64
  return server
}

function requestListener(
  fetch: Control['fetch'],
  ports: Pick<ControlPorts, 'failed'>,
): (request: IncomingMessage, response: ServerResponse) => void {
  const listen = getRequestListener(fetch, {
    overrideGlobalObjects: false,
    errorHandler: (error) => ports.failed(error, ''),
  })
  return (request, response) => void listen(request, response)
}

async function bind(
  server: Server | SecureServer,
  { host, port }: { readonly host: string; readonly port: number },
  ports: Pick<ControlPorts, 'failed'>,
): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  server.removeAllListeners('error')
  server.on('error', (error) => ports.failed(error, ''))
  return (server.address() as AddressInfo).port
}

/** Ends every connection, streams among them. */
function closed(server: Server | SecureServer): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
