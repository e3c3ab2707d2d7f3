// Holds the control API put together: one listener for people and their programs, loopback only, nothing for agents.

import { createServer, type Server } from 'node:http'
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
  /** Listens; rejects with the system's own error (`EADDRINUSE`). Only loopback addresses make sense for `host`. */
  listen(at: {
    readonly host: string
    readonly port: number
  }): Promise<{ readonly port: number; readonly close: () => Promise<void> }>
}

/** Puts the control API together. Throws where a route of the table is served by nobody. */
export function openControl(ports: ControlPorts): Control {
  let port = DEFAULT_PORT
  const surface = new Surface(ports)
  const { app } = surface
  app.use('*', async (c, next) => {
    c.set('requestId', uuidv7(ports.clock, ports.entropy))
    const refused = misdirected(c.req.raw, port)
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
    for (const [name, value] of Object.entries(HEADERS)) {
      // A page with forms says more than this, and says so itself.
      if (name !== 'referrer-policy' || !response.headers.has(name))
        response.headers.set(name, value)
    }
    return response
  }
  return {
    fetch,
    listen: async (at) => {
      const server = listener(fetch, ports)
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(at.port, at.host, resolve)
      })
      server.removeAllListeners('error')
      server.on('error', (error) => ports.failed(error, ''))
      port = (server.address() as AddressInfo).port
      return { port, close: () => closed(server) }
    },
  }
}

/** Every noun of the API. */
function serveEverything(surface: Surface, ports: ControlPorts): void {
  serveOperations(surface, ports)
  serveStatus(surface, ports)
  servePeople(surface, ports)
  serveLogin(surface, ports)
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

/** The HTTP server: little patience, few headers, few connections. */
function listener(fetch: Control['fetch'], ports: Pick<ControlPorts, 'failed'>): Server {
  const listen = getRequestListener(fetch, {
    overrideGlobalObjects: false,
    errorHandler: (error) => ports.failed(error, ''),
  })
  const options = {
    headersTimeout: 10_000,
    requestTimeout: 30_000,
    keepAliveTimeout: 30_000,
    connectionsCheckingInterval: 5_000,
  }
  const server = createServer(options, (request, response) => void listen(request, response))
  server.maxConnections = 512
  server.maxHeadersCount = 64
  return server
}

/** Ends every connection, streams among them. */
function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
