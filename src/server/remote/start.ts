// Holds the start of a gateway that runs on its own: who it is, the way to control, and the listeners for agents.

import { sign } from 'node:crypto'
import { join } from 'node:path'
import { listenGateway, listenPlainGateway } from '../../gateway/listener.ts'
import { Network } from '../../gateway/net/network.ts'
import { openSurfaces, type Surfaces } from '../../gateway/open.ts'
import { uuidv7 } from '../../std/id.ts'
import type { JsonObject } from '../../std/json.ts'
import type { LinkSystem, LinkWelcome } from '../../wire/link.ts'
import type { LinkLock } from '../../wire/lock.ts'
import { lockHome } from '../../store/home-lock.ts'
import { upstreamSandbox } from '../district.ts'
import type { Machine } from '../ground.ts'
import { makeHome } from '../home.ts'
import { confirmation } from '../link/desk.ts'
import type { LinkHandlers } from '../link/link.ts'
import { operatorLog } from '../operator-log.ts'
import { Stack } from '../stack.ts'
import { VERSION } from '../version.ts'
import { RemoteActors } from './actors.ts'
import { Control } from './control.ts'
import { RemoteGovernor } from './governor.ts'
import { renewAway, renewedBy, savedIdentity, type GatewayIdentity } from './identity.ts'
import { RemoteLocks } from './locks.ts'
import { RemotePolicy } from './policy.ts'
import { remotePorts } from './ports.ts'
import { keepRenewed } from './renewal.ts'
import { serverFault } from '../faults.ts'
import type { GatewaySettings } from './settings.ts'
import { RemoteSystems } from './systems.ts'

/** A gateway that runs. */
export interface RunningGateway {
  readonly name: string
  /** URL of its TLS listener, and of the plain one where there is one. */
  readonly url: string
  readonly plain?: string
  /** How old its view of locks is (ms). */
  viewAgeMs(): number
  /** Calls under way. */
  readonly calls: number
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

/** What changes while it runs. */
interface Own {
  identity: GatewayIdentity
  welcome: LinkWelcome | undefined
  urls: string[]
}

async function start(
  settings: GatewaySettings,
  machine: Machine,
  stack: Stack,
): Promise<RunningGateway> {
  const { home } = settings
  const { clock, entropy, timer } = machine
  makeHome(home)
  const lock = lockHome(home)
  stack.push(() => lock.release())
  const log = operatorLog(settings.logFile)
  stack.push(() => log.close())
  const note = (event: string, facts: Readonly<Record<string, unknown>> = {}): void =>
    log.logger.info(facts, event)
  const own: Own = { identity: await current(home, clock.now()), welcome: undefined, urls: [] }
  const boot = uuidv7(clock, entropy)
  // What control says reaches the parts that are made after it: they are filled in before it is heard.
  const handlers: { asked: LinkHandlers['asked']; told: LinkHandlers['told'] } = {
    asked: {},
    told: {},
  }
  const heard = Promise.withResolvers<void>()
  let welcome: (said: LinkWelcome) => void = () => undefined
  const control = new Control({
    addresses: settings.control,
    credential: () => ({
      key: own.identity.key,
      cert: own.identity.certificates,
      ca: own.identity.bundle,
    }),
    trustDomain: own.identity.trustDomain,
    hello: () => ({ release: VERSION, boot, urls: own.urls }),
    clock,
    timer,
    handlers,
    onWelcome: (said) => {
      own.welcome = said
      welcome(said)
      heard.resolve()
    },
    note,
  })
  stack.push(() => control.close())
  const systems = new RemoteSystems()
  const { leases } = settings
  const waitMs = (): number => Math.max(0, leases.otherwise - control.lease.age())
  const locks: RemoteLocks = new RemoteLocks({
    ageMs: () => control.lease.age(),
    leases,
    reads: (system, action) => systems.reads(system, action),
    timer,
    onEnforced: (one) => confirm(one, own, control, surfaces),
  })
  stack.push(() => locks.close())
  const actors = new RemoteActors({ control, clock, waitMs })
  const policy = new RemotePolicy(control, actors, clock)
  const ports = remotePorts({
    control,
    actors,
    locks,
    policy,
    systems,
    clock,
    entropy,
    secret: entropy.bytes(32),
    note,
  })
  const surfaces: Surfaces = openSurfaces({
    ports,
    home: join(home, 'upstreams'),
    environment: settings.environment,
    holdMs: settings.holdMs,
    network: new Network(),
    sandbox: upstreamSandbox(settings, note),
    governing: (pool) => {
      const governor = new RemoteGovernor({ ports, control, timer, waitMs, note }, pool)
      Object.assign(handlers.asked, governor.handlers.asked)
      Object.assign(handlers.told, governor.handlers.told)
      return governor
    },
  })
  stack.push(() => surfaces.close())
  Object.assign(handlers.told, views({ actors, locks, policy, systems, control }))
  welcome = (said) => {
    systems.replace(said.systems)
    locks.replace(said.locks)
    actors.changed()
    policy.changed()
  }
  if (own.welcome !== undefined) welcome(own.welcome)
  await heard.promise
  const renewing = keepRenewed({
    clock,
    timer,
    entropy,
    current: () => own.identity,
    renew: async () => {
      own.identity = await renewedBy(home, own.identity, (csr) => control.ask('renew', { csr }))
    },
    note,
  })
  stack.push(() => renewing.close())
  const listening = await listen(settings, machine, { own, ports, renewing, surfaces }, stack)
  own.urls = [listening.url, ...(listening.plain === undefined ? [] : [listening.plain])]
  control.tell('reached', { urls: own.urls })
  note('listening', { ...listening, gateway: own.identity.name })
  return {
    name: own.identity.name,
    ...listening,
    viewAgeMs: () => control.lease.age(),
    get calls() {
      return surfaces.governor.flights.size
    },
    close: () => stack.close(),
  }
}

/** The identity in the home, with a certificate that holds. */
async function current(home: string, now: number): Promise<GatewayIdentity> {
  const saved = savedIdentity(home)
  if (saved === undefined) {
    throw serverFault('server.gateway', 'this gateway has not enrolled yet')
  }
  return saved.notAfter > now ? saved : renewAway(home, saved)
}

/** Tells control, signed by the key of this connection, what a lock has ended here. */
function confirm(lock: LinkLock, own: Own, control: Control, surfaces: Surfaces): void {
  const { calls, processes } = surfaces.governor.flights.lastCut
  const said = confirmation(lock.id, own.identity.name, calls, processes)
  const key = { key: control.key, dsaEncoding: 'ieee-p1363' as const }
  const sig = sign('sha256', said, key).toString('base64url')
  control.tell('confirm', { lock: lock.id, calls, processes, sig })
}

/** What control tells of, taken up in the turn in which it is read. */
function views({
  actors,
  control,
  locks,
  policy,
  systems,
}: {
  readonly actors: RemoteActors
  readonly control: Control
  readonly locks: RemoteLocks
  readonly policy: RemotePolicy
  readonly systems: RemoteSystems
}): LinkHandlers['told'] {
  const changed = (): void => {
    actors.changed()
    policy.changed()
  }
  return {
    lock: ({ change, lock }) => {
      changed()
      locks.change(change === 'removed' ? 'removed' : 'added', lock as unknown as LinkLock)
    },
    gone: ({ instance }) => actors.gone(String(instance)),
    over: ({ delegation }) => actors.over(String(delegation)),
    done: ({ task }) => actors.done(String(task)),
    changed,
    system: (said) => {
      systems.change(said as unknown as LinkSystem)
      policy.changed()
    },
    systems: (said: JsonObject) => {
      systems.replace((said as unknown as { systems: LinkSystem[] }).systems)
      policy.changed()
    },
    drain: () => control.drain(),
  }
}

async function listen(
  settings: GatewaySettings,
  { entropy }: Machine,
  of: {
    readonly own: Own
    readonly ports: ReturnType<typeof remotePorts>
    readonly renewing: ReturnType<typeof keepRenewed>
    readonly surfaces: Surfaces
  },
  stack: Stack,
): Promise<{ readonly url: string; readonly plain?: string }> {
  const { own, ports, renewing, surfaces } = of
  const { host, plainPort, port } = settings
  const shared = {
    host,
    endpoint: surfaces.endpoint,
    egress: surfaces.egress,
    http: surfaces.http,
    ports,
    entropy,
    hosts: () => own.welcome?.hosts ?? [],
    issuer: () => own.welcome?.issuer ?? '',
    unbound: own.welcome?.unbound === true,
  }
  const secure = await listenGateway({
    ...shared,
    port,
    workers: 0,
    certify: (server) => renewing.certify(server),
  })
  stack.push(() => secure.close())
  const name = own.welcome?.hosts[0] ?? '127.0.0.1'
  const url = `https://${name}:${secure.port}`
  if (plainPort === undefined) return { url }
  const plain = await listenPlainGateway({ ...shared, host: '127.0.0.1', port: plainPort })
  stack.push(() => plain.close())
  return { url, plain: `http://127.0.0.1:${plain.port}` }
}
