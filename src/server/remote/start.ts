// Holds the start of a gateway that runs on its own: who it is, the way to control, and the listeners for agents.

import { listenGateway, listenPlainGateway } from '../../gateway/listener.ts'
import { lockHome } from '../../store/home-lock.ts'
import { serverFault } from '../faults.ts'
import type { Machine } from '../ground.ts'
import { makeHome } from '../home.ts'
import { operatorLog } from '../operator-log.ts'
import { Stack } from '../stack.ts'
import { renewAway, renewedBy, savedIdentity, type GatewayIdentity } from './identity.ts'
import { openParts, type Note, type Own, type RemoteParts } from './parts.ts'
import { keepRenewed, type Renewal } from './renewal.ts'
import type { GatewaySettings } from './settings.ts'

/** A gateway that runs. */
export interface RunningGateway {
  readonly name: string
  /** URL of its TLS listener, and of the plain one where there is one. */
  readonly url: string
  readonly plain?: string
  /** Stops listening, lets calls land, and ends. */
  close(): Promise<void>
}

/** Starts a gateway from the identity in its home; it listens once control has been heard. Throws `server.*`, `holder.*`, `gateway.*`. */
export async function startGateway(
  settings: GatewaySettings,
  machine: Machine,
): Promise<RunningGateway> {
  const stack = new Stack()
  try {
    return await start(settings, machine, stack)
  } catch (error) {
    await stack.close()
    throw error
  }
}

async function start(
  settings: GatewaySettings,
  machine: Machine,
  stack: Stack,
): Promise<RunningGateway> {
  const { home } = settings
  makeHome(home)
  const lock = lockHome(home)
  stack.push(() => lock.release())
  const log = operatorLog(settings.logFile)
  stack.push(() => log.close())
  const note: Note = (event, facts = {}) => log.logger.info(facts, event)
  const identity = await current(home, machine.clock.now())
  const own: Own = { identity, welcome: undefined, urls: [] }
  const parts = openParts({ settings, machine, own, note }, stack)
  await parts.heard
  const renewing = keepRenewed({
    ...machine,
    current: () => own.identity,
    renew: async () => {
      const ask = (csr: string) => parts.control.ask('renew', { csr })
      own.identity = await renewedBy(home, own.identity, ask)
    },
    note,
  })
  stack.push(() => renewing.close())
  const listening = await listen({ settings, machine, own, parts, renewing }, stack)
  const { plain, url } = listening
  own.urls = plain === undefined ? [url] : [url, plain]
  parts.control.tell('reached', { urls: [...own.urls] })
  note('listening', { ...listening, gateway: own.identity.name })
  return { name: own.identity.name, ...listening, close: () => stack.close() }
}

/** The identity in the home, with a certificate that holds. */
async function current(home: string, now: number): Promise<GatewayIdentity> {
  const saved = savedIdentity(home)
  if (saved === undefined) {
    throw serverFault('server.gateway', 'this gateway has not enrolled yet')
  }
  return saved.notAfter > now ? saved : renewAway(home, saved)
}

/** Why every new call is denied: control has not been heard for longer than the lease. */
function outOfTouch(
  { control }: Pick<RemoteParts, 'control'>,
  { leases }: Pick<GatewaySettings, 'leases'>,
): string | undefined {
  const late = control.lease.age() > leases.otherwise
  return late ? 'control has not been heard within the lease' : undefined
}

async function listen(
  of: {
    readonly settings: GatewaySettings
    readonly machine: Machine
    readonly own: Own
    readonly parts: RemoteParts
    readonly renewing: Renewal
  },
  stack: Stack,
): Promise<{ readonly url: string; readonly plain?: string }> {
  const { machine, own, parts, renewing, settings } = of
  const { host, plainPort, port } = settings
  const { endpoint, egress, http } = parts.surfaces
  const shared = {
    host,
    endpoint,
    egress,
    http,
    ports: parts.ports,
    entropy: machine.entropy,
    hosts: () => own.welcome?.hosts ?? [],
    unready: () => outOfTouch(parts, settings),
    issuer: () => own.welcome?.issuer ?? '',
    unbound: own.welcome?.unbound === true,
  }
  const certify = (server: Parameters<Renewal['certify']>[0]) => renewing.certify(server)
  const secure = await listenGateway({ ...shared, port, workers: 0, certify })
  stack.push(() => secure.close())
  const url = `https://${own.welcome?.hosts[0] ?? '127.0.0.1'}:${secure.port}`
  if (plainPort === undefined) return { url }
  const plain = await listenPlainGateway({ ...shared, host: '127.0.0.1', port: plainPort })
  stack.push(() => plain.close())
  return { url, plain: `http://127.0.0.1:${plain.port}` }
}
