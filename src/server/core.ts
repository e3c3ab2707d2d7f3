// Holds everything of one home that decides and records, opened in the order in which each part trusts the last.

import { Exports } from '../audit/export/exports.ts'
import { readSinks } from '../audit/export/settings.ts'
import { join } from 'node:path'
import { EntropyPool } from '../std/entropy-pool.ts'
import type { Payloads } from '../audit/side/payloads.ts'
import type { Consents } from '../authority/consent/consents.ts'
import { replayErasures } from '../authority/erasure/erasure-replay.ts'
import { Network } from '../gateway/net/network.ts'
import type { Ports } from '../gateway/ports.ts'
import { openGateway, type Gateway } from '../gateway/open.ts'
import { heldRegistrations } from './attest.ts'
import { CheckAsker } from './ask-check.ts'
import { upstreamSandbox } from './district.ts'
import { openConsents } from './consent.ts'
import { isOrderedInDatabase } from './database.ts'
import { openCredentials, type Credentials } from './credentials/open.ts'
import { gatewayPorts } from './gateway-ports.ts'
import { openGround, type Ground, type Machine } from './ground.ts'
import { openIdentity, type IdentityParts } from './identity.ts'
import { endWithPeople } from './leavers.ts'
import { LockDesk } from './lock-desk.ts'
import { LivePolicy } from './live-policy.ts'
import { hearPolicy, restorePolicy } from './policy-versions.ts'
import { GatewayResources } from './resources.ts'
import { endWithAgents } from './retired.ts'
import type { Settings } from './settings.ts'
import { openPayloads } from './payloads.ts'
import { openPins } from './pins/open.ts'
import { watchDecisions } from './watch-decisions.ts'
import { Stack } from './stack.ts'
import { endStaleAmendments } from './stale-amendments.ts'
import { pinWeb } from './web-pin.ts'
import { openTraffic, type HomeTraffic } from './traffic.ts'
import { Search } from '../audit/search/search.ts'
import { Metrics } from './metrics.ts'
import { Retention } from './retention.ts'
import { openWitnesses, type WitnessedPort } from './witness.ts'
import { VERSION } from './version.ts'

type ShownGround = Pick<
  Ground,
  'inTurn' | 'trustDomain' | 'origin' | 'audit' | 'authority' | 'commitments' | 'refusals' | 'note'
>

/** A home that is open. Nothing listens yet. */
export interface Core extends ShownGround, IdentityParts {
  readonly settings: Settings
  readonly machine: Machine
  readonly startedAt: number
  readonly resources: GatewayResources
  readonly consents: Consents
  readonly policy: LivePolicy
  readonly traffic: HomeTraffic
  readonly payloads: Payloads
  readonly gateway: Gateway
  /** What it is asked of: the same for gateways that run on their own. */
  readonly gatewayPorts: Ports
  /** How programs of systems are kept apart. */
  readonly sandbox: ReturnType<typeof upstreamSandbox>
  readonly credentials: Credentials
  /** Receipts of locks. */
  readonly lockDesk: LockDesk
  /** Where records go beside the log. */
  readonly exports: Exports
  readonly search: Search
  readonly retention: Retention
  readonly metrics: Metrics
  /** How far the log is witnessed. */
  readonly witnessed: WitnessedPort
  /** What grants for enforcers stand on. */
  readonly grantPorts: Pick<Ground, 'keys' | 'store'>
  /** Ends all of it, the last opened first; what was acknowledged is in the log when it resolves. */
  close(): Promise<void>
}

/** URLs of listeners, known once they listen: what is asked for one before that gets an empty text. */
export interface CoreUrls {
  readonly identity?: () => string
  /** Of the gateways, without a slash at their end. */
  readonly gateways?: () => readonly string[]
}

/** Opens a home. Whatever fails on the way closes what was opened, and the Fault of the part that failed is thrown. */
export async function openCore(
  settings: Settings,
  machine: Machine,
  controlUrl: () => string,
  urls: CoreUrls = {},
): Promise<Core> {
  const stack = new Stack()
  try {
    return await open(settings, machine, controlUrl, urls, stack)
  } catch (error) {
    await stack.close()
    throw error
  }
}

async function open(
  settings: Settings,
  machine: Machine,
  controlUrl: () => string,
  urls: CoreUrls,
  stack: Stack,
): Promise<Core> {
  const { identity: identityUrl = () => '', gateways = () => [] } = urls
  const ground = await openGround(settings, machine, stack)
  const { authority, note, refusals } = ground
  const parts = await openIdentity({ ground, settings, machine, identityUrl }, stack)
  const resources = new GatewayResources(gateways, authority.systems)
  const consents = await openConsents({ ...ground, ...parts, settings, machine, resources })
  stack.push(() => consents.close())
  const policy = new LivePolicy()
  stack.push(watchDecisions({ policy, authority, machine, note, onTrouble: ground.onTrouble }))
  authority.tasks.checkScopesWith((scope) => policy.set.checkTaskScope(scope))
  await beginPolicy(ground, policy, stack)
  const { traffic, payloads } = await openKept(ground, settings, machine, stack)
  const sandbox = upstreamSandbox(settings, note)
  const outward = { ground, parts, settings, machine, controlUrl }
  const { network, credentials, checks } = openOutward(outward, stack)
  const pins = openPins({ ...ground, policy, clock: machine.clock }, stack)
  const ports = gatewayPorts({
    ...ground,
    ...parts,
    credentials: credentials.port,
    checks,
    traffic: traffic.kept,
    payloads,
    pins,
    policy,
    clock: machine.clock,
    // Every call needs an id: drawn ahead, it costs a fiftieth.
    entropy: new EntropyPool(machine.entropy),
    controlUrl,
    approvalMs: settings.approvalMs,
    watch: { refused: (kind) => refusals.count(kind, 'gateway'), note },
  })
  const gateway = openGateway({
    ports,
    home: join(settings.home, 'upstreams'),
    environment: settings.environment,
    holdMs: settings.holdMs,
    network,
    sandbox,
  })
  stack.push(() => gateway.close())
  endings(ground, parts, gateway, stack)
  const record = await openRecord(ground, settings, machine, stack)
  return {
    ...parts,
    ...shownOf(ground),
    settings,
    machine,
    resources,
    consents,
    policy,
    traffic,
    payloads,
    gateway,
    gatewayPorts: ports,
    credentials,
    lockDesk: openLockDesk({ ground, parts, gateway, credentials, settings }, stack),
    ...record,
    sandbox,
    grantPorts: { keys: ground.keys, store: ground.store },
    startedAt: machine.clock.now(),
    close: () => stack.close(),
  }
}

/** Puts in force what was applied last, and ends what persons agreed to under anything else. */
async function beginPolicy(
  { audit, authority, note, onTrouble }: Ground,
  policy: LivePolicy,
  stack: Stack,
): Promise<void> {
  await hearPolicy(authority, audit)
  await pinWeb(authority.systems, note)
  restorePolicy({ authority, policy })
  stack.push(endStaleAmendments({ policy, authority, onTrouble }))
}

/** Opens what follows the log: exports, search, witnesses and metrics. */
async function openRecord(
  ground: Ground,
  settings: Settings,
  machine: Machine,
  stack: Stack,
): Promise<Pick<Core, 'exports' | 'metrics' | 'retention' | 'search' | 'witnessed'>> {
  const { audit } = ground
  const exports = await Exports.open({
    ...ground,
    home: settings.home,
    version: VERSION,
    control: settings.publicControl?.origin ?? `http://bailiwick.localhost:${settings.controlPort}`,
    sinks: readSinks(settings.home),
    cursors: ground.store.cursors,
  })
  stack.push(() => exports.close())
  const witnessed = openWitnesses(ground, settings, machine, stack)
  const search = await Search.open(settings.home, audit)
  stack.push(() => search.close())
  const metrics = new Metrics({ audit, exports, search })
  stack.push(() => metrics.close())
  const retention = new Retention({
    ...ground,
    home: settings.home,
    machine,
    exports,
    search,
    witnessed: witnessed() !== undefined,
    ...databaseOf(settings),
  })
  stack.push(() => retention.close())
  return { exports, metrics, retention, search, witnessed }
}

/** The PostgreSQL that orders the log, where one does. */
function databaseOf({ home, databaseUrl }: Settings): { readonly databaseUrl?: string } {
  return databaseUrl === undefined || !isOrderedInDatabase(home) ? {} : { databaseUrl }
}

/** Opens what calls are kept in, and erases again what the log says was erased. */
async function openKept(
  ground: Ground,
  settings: Settings,
  machine: Machine,
  stack: Stack,
): Promise<Pick<Core, 'traffic' | 'payloads'>> {
  const { audit, authority, note } = ground
  const traffic = openTraffic(ground, settings, machine, stack)
  const payloads = openPayloads(ground, machine, stack)
  const replayed = await replayErasures(audit, authority.erasure, authority.subjects)
  if (replayed > 0) note('erased again, as the log says', { erasures: replayed })
  return { traffic, payloads }
}

/** What of the ground others see: neither keys nor rows. */
function shownOf(ground: Ground): ShownGround {
  const { audit, authority, commitments, inTurn, note, origin, refusals, trustDomain } = ground
  return { audit, authority, commitments, inTurn, note, origin, refusals, trustDomain }
}

/** Has every lock answered with a receipt, whoever sets it. */
function openLockDesk(
  of: {
    readonly ground: Ground
    readonly parts: IdentityParts
    readonly gateway: Gateway
    readonly credentials: Credentials
    readonly settings: Settings
  },
  stack: Stack,
): LockDesk {
  const { audit, authority, note } = of.ground
  const desk = new LockDesk({
    authority,
    identities: of.parts.identities,
    audit,
    gateway: of.settings.gatewayName,
    lastCut: () => of.gateway.governor.flights.lastCut,
    revoke: (lock) => of.credentials.revokeAtLock(lock),
    onTrouble: (lock, error) => note('trouble', { lock, error: String(error) }),
  })
  stack.push(() => desk.close())
  return desk
}

/** Opens the way to systems, and what they are called with. */
function openOutward(
  of: {
    readonly ground: Ground
    readonly parts: IdentityParts
    readonly settings: Settings
    readonly machine: Machine
    readonly controlUrl: () => string
  },
  stack: Stack,
): {
  readonly network: Network
  readonly credentials: Credentials
  readonly checks: CheckAsker
} {
  const { ground, parts, settings, machine, controlUrl } = of
  const network = new Network()
  const credentials = openCredentials({
    ...ground,
    roots: parts.roots,
    tokenKey: ground.keys.tokens,
    issuer: () => parts.tokens.issuer,
    network,
    machine,
    controlUrl,
    vault: settings.vault,
  })
  stack.push(() => credentials.close())
  const checks = new CheckAsker({ ...machine, checks: ground.authority.checks })
  stack.push(() => checks.close())
  return { network, credentials, checks }
}

/** Ends what agents and people have once they are over: the calls under way first, then what could make more. */
function endings(
  { authority, onTrouble }: Ground,
  { identities }: IdentityParts,
  gateway: Gateway,
  stack: Stack,
): void {
  const cut = (instance: string): void => gateway.governor.flights.gone(instance)
  authority.agents.onChange((agent) => {
    if (agent.state === 'active') return
    for (const { instance, agent: name } of identities.list()) {
      if (name === agent.name) cut(instance)
    }
  })
  const more = [heldRegistrations(identities.registrations)]
  stack.push(endWithAgents({ authority, identities, onTrouble, more }))
  stack.push(endWithPeople({ authority, identities, cut, onTrouble }))
}
