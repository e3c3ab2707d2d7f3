// Holds the parts of a gateway that runs on its own, put together: the way to control, what is known from there, and the surfaces.

import { sign } from 'node:crypto'
import { join } from 'node:path'
import { Network } from '../../gateway/net/network.ts'
import { openSurfaces, type Surfaces } from '../../gateway/open.ts'
import type { SurfacePorts } from '../../gateway/ports.ts'
import { uuidv7 } from '../../std/id.ts'
import { textOf, type JsonObject } from '../../std/json.ts'
import type { LinkSystem, LinkWelcome } from '../../wire/link.ts'
import type { LinkLock } from '../../wire/lock.ts'
import { upstreamSandbox } from '../district.ts'
import type { Machine } from '../ground.ts'
import { confirmation } from '../link/desk.ts'
import type { LinkHandlers } from '../link/link.ts'
import type { Stack } from '../stack.ts'
import { VERSION } from '../version.ts'
import { RemoteActors } from './actors.ts'
import { Control } from './control.ts'
import { RemoteGovernor } from './governor.ts'
import type { GatewayIdentity } from './identity.ts'
import { RemoteLocks } from './locks.ts'
import { RemotePolicy } from './policy.ts'
import { remotePorts } from './ports.ts'
import type { GatewaySettings } from './settings.ts'
import { RemoteSystems } from './systems.ts'

/** What is this gateway's own, and changes while it runs. */
export interface Own {
  identity: GatewayIdentity
  /** What control said last; undefined until it was heard. */
  welcome: LinkWelcome | undefined
  /** Where agents reach it; empty until it listens. */
  urls: readonly string[]
}

/** A gateway that does not listen yet. */
export interface RemoteParts {
  readonly control: Control
  readonly ports: SurfacePorts
  readonly surfaces: Surfaces
  /** Resolves once control has been heard. */
  readonly heard: Promise<void>
}

/** For the operator's own log. */
export type Note = (event: string, facts?: Readonly<Record<string, unknown>>) => void

/** What control tells of, taken up in the turn in which it is read. */
interface Views {
  readonly actors: RemoteActors
  readonly locks: RemoteLocks
  readonly policy: RemotePolicy
  readonly systems: RemoteSystems
}

/** Opens the way to control, and everything that stands on it. */
export function openParts(
  of: {
    readonly settings: GatewaySettings
    readonly machine: Machine
    readonly own: Own
    readonly note: Note
  },
  stack: Stack,
): RemoteParts {
  const { machine, note, own, settings } = of
  const { home, leases } = settings
  const { clock, entropy, timer } = machine
  const heard = Promise.withResolvers<void>()
  // What control says reaches parts that are made after the way to it: filled in before this turn ends.
  const handlers: Handlers = { asked: {}, told: {} }
  const taken: { views?: Views; governor?: RemoteGovernor } = {}
  const control = wayToControl(of, handlers, (welcome) => {
    own.welcome = welcome
    if (taken.views !== undefined) takeUp(welcome, taken.views)
    heard.resolve()
  })
  stack.push(() => control.close())
  const waitMs = (): number => Math.max(0, leases.otherwise - control.lease.age())
  const systems = new RemoteSystems()
  const locks = new RemoteLocks({
    ageMs: () => control.lease.age(),
    leases,
    reads: (system, action) => systems.reads(system, action),
    timer,
    onEnforced: (lock) => confirm(lock, own, control, taken.governor),
  })
  stack.push(() => locks.close())
  const actors = new RemoteActors({ control, clock, waitMs })
  const policy = new RemotePolicy(control, actors, clock)
  const views = { actors, locks, policy, systems }
  taken.views = views
  const own32 = entropy.bytes(32)
  const ports = remotePorts({ ...views, control, clock, entropy, secret: own32, note })
  const surfaces = openSurfaces({
    ports,
    home: join(home, 'upstreams'),
    environment: settings.environment,
    holdMs: settings.holdMs,
    network: new Network(),
    sandbox: upstreamSandbox(settings, note),
    governing: (pool) => {
      const governor = new RemoteGovernor({ ports, control, timer, waitMs, note }, pool)
      taken.governor = governor
      Object.assign(handlers.asked, governor.handlers.asked)
      Object.assign(handlers.told, governor.handlers.told, told(views, control))
      return governor
    },
  })
  stack.push(() => surfaces.close())
  return { control, ports, surfaces, heard: heard.promise }
}

interface Handlers {
  readonly asked: LinkHandlers['asked']
  readonly told: LinkHandlers['told']
}

function wayToControl(
  {
    machine,
    note,
    own,
    settings,
  }: {
    readonly settings: GatewaySettings
    readonly machine: Machine
    readonly own: Own
    readonly note: Note
  },
  handlers: Handlers,
  onWelcome: (welcome: LinkWelcome) => void,
): Control {
  const boot = uuidv7(machine.clock, machine.entropy)
  return new Control({
    ...machine,
    addresses: settings.control,
    credential: () => {
      const { bundle, certificates, key } = own.identity
      return { key, cert: certificates, ca: bundle }
    },
    trustDomain: own.identity.trustDomain,
    hello: () => {
      const { reads } = settings.leases
      return { release: VERSION, boot, lease_ms: reads, urls: [...own.urls] }
    },
    handlers,
    onWelcome,
    note,
  })
}

function takeUp(welcome: LinkWelcome, { actors, locks, policy, systems }: Views): void {
  systems.replace(welcome.systems)
  locks.replace(welcome.locks)
  actors.changed()
  policy.changed()
}

/** Tells control, signed by the key of this connection, what a lock has ended here. */
function confirm(
  lock: LinkLock,
  own: Own,
  control: Control,
  governor: RemoteGovernor | undefined,
): void {
  const { calls: cut, processes } = governor?.flights.lastCut ?? { calls: 0, processes: 0 }
  const calls = cut + (governor?.takeCuts() ?? 0)
  const said = confirmation(lock.id, own.identity.name, calls, processes)
  const key = { key: control.key, dsaEncoding: 'ieee-p1363' as const }
  const sig = sign('sha256', said, key).toString('base64url')
  control.tell('confirm', { lock: lock.id, calls, processes, sig })
}

function told({ actors, locks, policy, systems }: Views, control: Control): LinkHandlers['told'] {
  const changed = (): void => {
    actors.changed()
    policy.changed()
  }
  return {
    lock: ({ change, lock }) => {
      changed()
      locks.change(change === 'removed' ? 'removed' : 'added', lock as unknown as LinkLock)
    },
    gone: ({ instance }) => actors.gone(textOf(instance)),
    over: ({ delegation }) => actors.over(textOf(delegation)),
    done: ({ task }) => actors.done(textOf(task)),
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
