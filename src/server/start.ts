// Holds the start of a whole Bailiwick: a home opened, three listeners on loopback, and everything ended in order.

import type { Server } from 'node:net'
import { join } from 'node:path'
import type { AddressInfo } from 'node:net'
import { readConsole } from '../api/console/files.ts'
import { identityListener, type IdentityListener } from '../api/identity/listener.ts'
import { Signals } from '../authority/signals/signals.ts'
import { PublicLog } from '../audit/public/public-log.ts'
import { openControl } from '../api/control.ts'
import { consentGrants, consentRevoker } from '../api/oauth/grants/consented.ts'
import { altNamesOf } from '../authority/gateways/hosts.ts'
import { keepCertified } from '../authority/identity/serving.ts'
import { openCore, type Core } from './core.ts'
import { decisionPoint } from './decision-point.ts'
import type { Machine } from './ground.ts'
import { serverFault } from './faults.ts'
import { openGateways } from './gateways.ts'
import { openLinks, type Links } from './link/open.ts'
import { oauthServer } from './oauth.ts'
import { ensureOperator } from './operator.ts'
import { EarlierCalls } from './earlier-calls.ts'
import { payloadReading } from './payloads.ts'
import { portHolder } from './port-holder.ts'
import { serverPort } from './server-port.ts'
import { ownName } from './listen-setting.ts'
import { notRecording } from './readiness.ts'
import type { Settings } from './settings.ts'
import { Stack } from './stack.ts'
import { serveWorkload } from './workload.ts'

/** Where people and their programs on this machine are heard, whatever is said of other listeners. */
const LOOPBACK = '127.0.0.1'

/** Where set-up builds the console. */
const CONSOLE = join(import.meta.dirname, '..', '..', 'build', 'console')

/** How often approvals that nobody waits for, and agents that ended by themselves, are looked at (ms). */
const EXPIRY_MS = 1_000

/** Where it is reached; filled in as the listeners come up. */
interface Urls {
  control: string
  identity: string
  gateway: string
  /** The gateway without TLS, for tokens; absent where it is switched off. */
  plain?: string
  /** `host:port` where gateways connect; absent where none can. */
  link?: string
  /** `unix://` and a path; absent where the Workload API is not served. */
  workload?: string
}

/** A Bailiwick that runs. */
export interface Running {
  readonly urls: Readonly<Urls>
  /** What the operator should know. One sentence each. */
  readonly warnings: readonly string[]
  readonly core: Core
  /** Stops listening, lets calls land, and closes the home. */
  close(): Promise<void>
}

/** Starts everything. Throws the Fault of the part that could not; nothing is left running then. */
export async function startBailiwick(settings: Settings, machine: Machine): Promise<Running> {
  const stack = new Stack()
  try {
    return await start(settings, machine, stack)
  } catch (error) {
    await stack.close()
    throw error
  }
}

async function start(settings: Settings, machine: Machine, stack: Stack): Promise<Running> {
  const { host } = settings
  const name = ownName(settings)
  const urls: Urls = { control: '', identity: '', gateway: '' }
  const linked: { links?: Links } = {}
  const core = await openCore(settings, machine, () => urls.control, {
    identity: () => urls.identity,
    gateways: () => [
      urls.gateway,
      ...(urls.plain === undefined ? [] : [urls.plain]),
      ...settings.names.slice(1).map((other) => urls.gateway.replace(name, other)),
      ...(linked.links?.urls() ?? []),
    ],
  })
  stack.push(() => core.close())
  const { authority, identities, note, refusals, roots } = core
  const failed = (error: unknown): void => note('failed inside', { error: String(error) })

  const server = serverPort(core, urls)
  const identity = identitySurface(core, urls, failed)
  stack.push(() => identity.close())
  urls.identity = `https://${name}:${await bind(identity.server, host, settings.identityPort)}`

  Object.assign(urls, await openGateways(core, stack, named))
  Object.assign(urls, await workloadUrl(core, stack))
  const links = await openLinks(core, stack, named, () => urls.control)
  linked.links = links
  const address = links.address?.replace(host, name)
  if (address !== undefined) urls.link = address

  const control = openControl({
    ...machine,
    console: readConsole(CONSOLE),
    authority,
    identities,
    roots,
    audit: core.audit,
    payloads: payloadReading(core.payloads, core.commitments),
    earlier: new EarlierCalls({
      traffic: { flush: () => core.traffic.kept.flush(), source: core.traffic.source },
      audit: core.audit,
      clock: core.machine.clock,
    }),
    exports: core.exports,
    retention: core.retention,
    search: core.search,
    server,
    consents: core.consents,
    credentials: core.credentials.consents,
    decisions: decisionPoint(core, () => urls.control),
    links: { ...links, address },
    refused: (code) => refusals.count(code, 'control'),
    failed: (error, request) =>
      note('failed inside', {
        request,
        error: String(error),
      }),
  })
  const controlPort = await listenForPeople(control, core, urls, stack)

  await ensureOperator(settings.home, authority.people, {
    account: settings.account,
    control: `http://${LOOPBACK}:${controlPort}`,
  })
  stack.push(sweep(core))
  stack.push(identities.onGone((instance, why) => void voidFor(core, instance, why.reason)))
  core.metrics.ready(core.authority.locks, core.machine.clock)
  return {
    urls,
    warnings: server.facts().warnings,
    core,
    close: () => stack.close(),
  }
}

/** Opens the control listener on loopback, and the one by TLS where others reach it; answers the port of the first. */
async function listenForPeople(
  control: ReturnType<typeof openControl>,
  { machine, roots, settings }: Core,
  urls: Urls,
  stack: Stack,
): Promise<number> {
  const { controlPort, publicControl } = settings
  const here = await named(controlPort, () => control.listen({ host: LOOPBACK, port: controlPort }))
  stack.push(() => here.close())
  urls.control = `http://bailiwick.localhost:${here.port}`
  if (publicControl === undefined) return here.port
  const { origin } = publicControl
  const names = altNamesOf([new URL(origin).hostname])
  const certify = (server: Parameters<typeof keepCertified>[0]) =>
    keepCertified(server, { ...machine, roots, role: 'control', names })
  const beyond = await named(publicControl.port, () =>
    control.listenBeyond({ ...publicControl, certify }),
  )
  stack.push(() => beyond.close())
  urls.control = origin
  return here.port
}

/** The identity listener with the authorization server behind it, not listening yet. */
function identitySurface(
  core: Core,
  urls: Running['urls'],
  failed: (error: unknown) => void,
): IdentityListener {
  const { authority, identities, machine, refusals, roots } = core
  const { clock, timer } = machine
  const oauth = oauthServer({
    tokens: core.tokens,
    resources: core.resources,
    grants: consentGrants({ consents: core.consents, clock }),
    revokers: [consentRevoker(core.consents)],
    authorizationEndpoint: () => `${urls.control}/oauth/authorize`,
    trustDomain: core.trustDomain,
    machine,
    identities,
    delegations: authority.delegations,
    observe: core.observe,
  })
  return identityListener({
    identities,
    attestors: core.attestors,
    observe: core.observe,
    roots,
    gateways: authority.gateways,
    oauth,
    signals: new Signals({
      ...authority,
      ...core.grantPorts,
      audit: core.audit,
      clock,
    }),
    names: altNamesOf(core.settings.names),
    unready: () => notRecording(core),
    log: new PublicLog({
      home: core.settings.home,
      origin: core.origin,
      shards: () => core.audit.shards,
    }),
    clock,
    timer,
    onRefused: (kind) => refusals.count(kind, 'identity'),
    onFailure: failed,
  })
}

/** Serves the Workload API, and answers where; nothing where it is not served. */
async function workloadUrl(core: Core, stack: Stack): Promise<Pick<Urls, 'workload'>> {
  const { identities, jwtSvids: tokens } = core
  const workload = await serveWorkload({ core, identities, tokens })
  if (workload === undefined) return {}
  stack.push(() => workload.close())
  return { workload: workload.address }
}

/** Ends approvals and sessions that nobody asked about in time, and writes which agents and roles have ended. The answer stops it. */
function sweep({ authority, machine, note }: Core): () => void {
  const look = (): (() => void) =>
    machine.timer.after(EXPIRY_MS, () => {
      Promise.all([
        authority.approvals.expireDue(),
        authority.amendments.sweep(),
        authority.agents.sweep(),
        authority.delegations.sweep(),
        authority.tasks.sweep(),
        authority.proposals.sweep(),
        authority.governance.sweep(),
        authority.sessions.endDue(),
        authority.effects.sweep(),
        authority.history.sweep(),
      ]).catch((error: unknown) => note('trouble', { error: String(error) }))
      cancel = look()
    })
  let cancel = look()
  return () => cancel()
}

async function voidFor({ authority, note }: Core, instance: string, reason: string): Promise<void> {
  try {
    await authority.approvals.voidForInstance(instance, reason)
  } catch (error) {
    note('trouble', { error: String(error) })
  }
}

function bind(server: Server, host: string, port: number): Promise<number> {
  return named(port, async () => {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, host, resolve)
    })
    return (server.address() as AddressInfo).port
  })
}

/** Listens, and says in words what keeps it from listening: above all, who has the port. */
async function named<T>(port: number, listen: () => Promise<T>): Promise<T> {
  try {
    return await listen()
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
    if (code === 'EADDRINUSE') {
      const holder = portHolder(port) ?? 'another program'
      throw serverFault('server.port_in_use', `port ${port} is held by ${holder}`, cause)
    }
    throw serverFault('server.listen', `port ${port} cannot be listened on (${code})`, cause)
  }
}
