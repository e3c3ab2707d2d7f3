// Holds everything of one home that decides and records, opened in the order in which each part trusts the last.

import { join } from 'node:path'
import type { Clock } from '../std/clock.ts'
import type { Entropy } from '../std/entropy.ts'
import { EntropyPool } from '../std/entropy-pool.ts'
import type { Timer } from '../std/timer.ts'
import { openAuditLog } from '../audit/open.ts'
import type { AuditLog } from '../audit/log.ts'
import { RefusalCounter } from '../audit/refusals.ts'
import type { Consents } from '../authority/consent/consents.ts'
import { Actors } from '../authority/identity/actors.ts'
import { Attestors } from '../authority/identity/attest/attestors.ts'
import { Identities } from '../authority/identity/identities.ts'
import { JwtSvids } from '../authority/identity/jwt-svid.ts'
import { Roots } from '../authority/identity/roots.ts'
import { openAuthority, type Authority } from '../authority/open.ts'
import type { Tokens } from '../authority/tokens/tokens.ts'
import { replay } from '../authority/replay.ts'
import { allRules, Detector } from '../detect/detector.ts'
import { openGateway, type Gateway } from '../gateway/open.ts'
import { openKeyRing } from '../keys/file.ts'
import type { Observe } from '../wire/observation.ts'
import { lockHome } from '../store/home-lock.ts'
import { openStore } from '../store/open.ts'
import { openCommitments } from './commitments.ts'
import { openConsents, type ConsentParts } from './consent.ts'
import { gatewayPorts } from './gateway-ports.ts'
import { homeFacts, makeHome } from './home.ts'
import { endWithPeople } from './leavers.ts'
import { LivePolicy } from './live-policy.ts'
import { openTokens } from './oauth.ts'
import { GatewayResources } from './resources.ts'
import { operatorLog } from './operator-log.ts'
import { restorePolicy } from './policy-versions.ts'
import { endWithAgents } from './retired.ts'
import { answerJoinRace, endWithSources, heldRegistrations } from './attest.ts'
import { respond } from './responses.ts'
import type { Settings } from './settings.ts'
import { Stack } from './stack.ts'

/** Name of the one gateway of a home, in every record. */
const GATEWAY = 'gateway-1'

/** Time and chance, as everything below is given them. */
export interface Machine {
  readonly clock: Clock
  readonly entropy: Entropy
  readonly timer: Timer
}

/** A home that is open. Nothing listens yet. */
export interface Core {
  readonly settings: Settings
  readonly machine: Machine
  readonly startedAt: number
  readonly trustDomain: string
  readonly origin: string
  readonly audit: AuditLog
  readonly authority: Authority
  readonly identities: Identities
  readonly attestors: Attestors
  readonly jwtSvids: JwtSvids
  readonly roots: Roots
  readonly tokens: Tokens
  readonly resources: GatewayResources
  readonly consents: Consents
  readonly policy: LivePolicy
  readonly gateway: Gateway
  readonly refusals: RefusalCounter
  /** Takes what surfaces see of credentials in use. */
  readonly observe: Observe
  /** Something for the operator's own log. Never a secret. */
  readonly note: (event: string, facts?: Readonly<Record<string, unknown>>) => void
  /** Ends all of it, the last opened first; what was acknowledged is in the log when it resolves. */
  close(): Promise<void>
}

/** URLs of listeners, known once they listen: what is asked for one before that gets an empty text. */
export interface CoreUrls {
  readonly identity?: () => string
  /** Of the gateways, without a slash at their end. */
  readonly gateways?: () => readonly string[]
}

/**
 * Opens a home. The audit log is opened before the store, so that whatever the rows do is recorded; whatever fails on the
 * way closes what was opened, and the Fault of the part that failed is thrown.
 */
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
  const { clock } = machine
  const ground = await openGround(settings, machine, urls, stack)
  const { actors, audit, authority, commitments, identities, note, refusals } = ground
  const { observe } = ground
  const resources = new GatewayResources(urls.gateways ?? (() => []), authority.systems)
  const consents = await ground.openConsents({ resources, observe })
  stack.push(() => consents.close())
  const policy = new LivePolicy()
  restorePolicy({ authority, policy })
  const ports = gatewayPorts({
    authority,
    identities,
    actors,
    policy,
    audit,
    commitments,
    clock,
    observe,
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
  })
  stack.push(() => gateway.close())
  authority.agents.onChange((agent) => {
    if (agent.state === 'active') return
    for (const { instance, agent: name } of identities.list()) {
      if (name === agent.name) gateway.governor.flights.gone(instance)
    }
  })
  // After what cuts calls under way, which asks for the instances that this ends.
  const onTrouble = (error: unknown): void => note('trouble', { error: String(error) })
  stack.push(
    endWithAgents({
      ...{ authority, identities, onTrouble },
      more: [heldRegistrations(identities.registrations)],
    }),
  )
  const cut = (instance: string): void => gateway.governor.flights.gone(instance)
  stack.push(endWithPeople({ authority, identities, cut, onTrouble }))
  return {
    ...ground,
    observe,
    resources,
    consents,
    settings,
    machine,
    startedAt: clock.now(),
    policy,
    gateway,
    close: () => stack.close(),
  }
}

/** What is below the gateway: the home, its keys, its log, its rows, and who is who. */
async function openGround(settings: Settings, machine: Machine, urls: CoreUrls, stack: Stack) {
  const { home } = settings
  const { clock, entropy, timer } = machine
  makeHome(home)
  const lock = lockHome(home)
  stack.push(() => lock.release())
  const log = operatorLog(settings.logFile)
  stack.push(() => log.close())
  const note: Core['note'] = (event, facts = {}) => log.logger.info(facts, event)
  const onTrouble = (error: unknown): void => note('trouble', { error: String(error) })
  const { trust_domain: trustDomain } = homeFacts(home, clock, entropy)
  const keyFolder = join(home, 'keys')
  const keys = openKeyRing(keyFolder, { entropy })
  const origin = `${trustDomain}/log`
  const audit = await openAuditLog({
    home,
    gateway: GATEWAY,
    origin,
    signer: keys.log,
    clock,
    entropy,
  })
  stack.push(() => audit.close())
  const refusals = new RefusalCounter({ sink: audit, clock })
  stack.push(() => refusals.close())
  const store = await openStore({ directory: home, signer: keys.authority })
  stack.push(() => store.close())
  const replayed = await replay({ audit, store })
  if (Object.values(replayed).some((count) => count > 0))
    note('replayed from the log', { ...replayed })
  const authority = await openAuthority({ store, keys, audit, clock, entropy, timer, onTrouble })
  stack.push(() => authority.settled())
  const { agents, people, delegations } = authority
  const roots = await Roots.open({
    ...{ store, audit, clock, timer, entropy, trustDomain, onTrouble },
    keys: keys.roots,
    tokens: keys.tokens,
    legacyPath: join(keyFolder, 'ca.pem'),
  })
  stack.push(() => roots.close())
  const registry = {
    agentOf: (name: string) => agents.get(name),
    personOf: (id: string) => people.get(id),
  }
  const shared = { store, audit, roots, registry, delegations, clock, timer, entropy, onTrouble }
  const observe = watchful({ authority, note }, settings, stack)
  const identities = await Identities.open({
    ...shared,
    sourceOf: (name) => authority.trust.evidence(name),
    onJoinRace: (instance, agent) =>
      answerJoinRace(
        { authority, identities, lockOn: settings.lockOn, clock, observe },
        { instance, agent },
      ),
  })
  stack.push(() => identities.close())
  stack.push(endWithSources({ authority, identities }))
  const attestors = new Attestors({ sources: authority.trust, clock, entropy })
  // From here on what instances passed on is worth what those instances are.
  delegations.watch({
    live: (id) => identities.live(id),
    onGone: (gone) => identities.onGone((instance) => gone(instance)),
  })
  const tokens = await openTokens({
    ...shared,
    settings,
    machine,
    trustDomain,
    identities,
    signer: keys.tokens,
    identityUrl: urls.identity ?? (() => ''),
  })
  stack.push(() => tokens.close())
  const actors = new Actors({ clock, registry, delegations, identities, tokens })
  const live = (id: string) => identities.live(id)
  const jwtSvids = new JwtSvids({ tokens: keys.tokens, trustDomain, live, audit, clock, entropy })
  const commitments = openCommitments(keyFolder, keys.encryption, entropy)
  const ground = {
    trustDomain,
    origin,
    note,
    audit,
    refusals,
    authority,
    roots,
    identities,
    actors,
  }
  const consents = (more: Pick<ConsentParts, 'resources' | 'observe'>) =>
    openConsents({
      ...{ settings, machine, store, audit, keys, authority, identities, tokens, onTrouble },
      ...more,
    })
  return { ...ground, observe, attestors, tokens, jwtSvids, commitments, openConsents: consents }
}

/** The detectors of a home, whose findings are answered. What could not be answered is told in the operator's own log. */
function watchful(
  { authority, note }: Pick<Core, 'authority' | 'note'>,
  { lockOn }: Settings,
  stack: Stack,
): Observe {
  const answering = new Set<Promise<void>>()
  const detector = new Detector(allRules(), (finding, at) => {
    const answer = respond(authority, lockOn, finding, at)
      .catch((error: unknown) => note('trouble', { finding: finding.rule, error: String(error) }))
      .finally(() => answering.delete(answer))
    answering.add(answer)
  })
  stack.push(async () => {
    await Promise.all(answering)
  })
  return (seen) => detector.observe(seen)
}
