// Holds what only the server can do for the control API: the gateway looked at, systems pinned, policies applied, locks counted.

import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { AuditStats } from '../audit/log.ts'
import type { ServerFacts, ServerPort } from '../api/ports.ts'
import { observedNow } from '../api/agents/observed.ts'
import type { Core } from './core.ts'
import { fingerprint } from './pins/fingerprint.ts'
import { inspectSystem } from './pins/inspect.ts'
import { labelSystem, pinSystem } from './pins/pin.ts'
import { approveSystem, reviewOf } from './pins/review.ts'
import { DecidedCalls } from './decided-call.ts'
import { PolicyReplay } from './policy-replay.ts'
import { usageOf } from './policy-usage.ts'
import {
  applyPolicies,
  approveProposal,
  proposedChange,
  rollbackPolicies,
} from './policy-versions.ts'
import { unsandboxed } from './district.ts'
import { DISTRICT_SELECTOR } from '../wire/actor.ts'
import { situation } from './situation.ts'
import { VERSION } from './version.ts'
import { verifierKeys } from './witness.ts'

/** Fills the port. `urls` is read when it is asked, as listeners come up one after the other. */
export function serverPort(core: Core, urls: ServerFacts['listeners']): ServerPort {
  const { authority, gateway, policy, settings } = core
  const parts = {
    authority,
    gateway,
    credentials: core.credentials,
    policy,
    environment: settings.environment,
    fourEyes: settings.policyFourEyes,
  }
  const reading = {
    authority,
    policy,
    traffic: { flush: () => core.traffic.kept.flush(), source: core.traffic.source },
    audit: core.audit,
    commitments: core.commitments,
    clock: core.machine.clock,
  }
  const replay = new PolicyReplay(reading)
  const decided = new DecidedCalls(reading)
  return {
    facts: () => facts(core, urls),
    metrics: () => core.metrics.text(),
    witnessed: () => core.witnessed(),
    verifierKeys: () => verifierKeys(settings.home),
    policies: () => ({ set: policy.set, problems: policy.problems, isolated: policy.isolated }),
    inspectSystem: (candidate, person) => inspectSystem(parts, candidate, person),
    pinSystem: (pin) => pinSystem(parts, pin),
    labelSystem: (of) => labelSystem(parts, of),
    fingerprint,
    reviewSystem: (name) => reviewOf(parts, name),
    approveSystem: (of) => approveSystem(parts, of),
    applyPolicies: (of) => applyPolicies(parts, of),
    rollbackPolicies: (of) => rollbackPolicies(parts, of),
    approveProposal: (of) => approveProposal(parts, of),
    proposedChange: (sources) => proposedChange(parts, sources),
    explainCall: (call, options) => decided.explain(call, options),
    policyUsage: (of) => usageOf(reading, of),
    replayPolicies: (of) => replay.page(of),
    lock: (of) => core.lockDesk.lock(of),
  }
}

function facts(core: Core, listeners: ServerFacts['listeners']): ServerFacts {
  const { settings, gateway } = core
  const published = publishedAt(core)
  return {
    version: VERSION,
    gateway: settings.gatewayName,
    home: settings.home,
    startedAt: core.startedAt,
    trustDomain: core.trustDomain,
    authorityFingerprint: core.roots.active.fingerprint,
    authorityEnds: core.roots.active.notAfter,
    listeners,
    callsInFlight: gateway.governor.flights.size,
    upstreams: gateway.pool.size,
    logOrigin: core.origin,
    database: settings.databaseUrl === undefined ? 'embedded' : 'postgresql',
    ...(published !== undefined && { logPublishedAt: published }),
    account: {
      name: settings.account,
      ...(process.getuid !== undefined && { uid: process.getuid() }),
    },
    unlockDelayMs: settings.unlockDelayMs,
    situation: wholeSituation(core),
    warnings: warnings(core),
  }
}

/** The deployment, and how many instances are outside of districts where that matters. */
function wholeSituation({ identities, settings }: Core): string {
  const live = identities.list()
  const outside = live.filter((one) => one.attested?.selectors.includes(DISTRICT_SELECTOR) !== true)
  const told = situation(settings.account)
  if (live.length === 0) return told
  return `${told}; ${outside.length} of ${live.length} live instances were not started in a district (\`bailiwick run\`)`
}

function warnings(core: Core): string[] {
  const { policy, authority, audit, settings } = core
  const out: string[] = []
  const problem = policy.problems[0]
  if (problem !== undefined) {
    out.push(
      `the policies that were applied last do not hold (${problem.file}:${problem.line}: ${problem.message}), so none are in force and every call is denied`,
    )
  } else if (authority.policies.current() === undefined) {
    out.push('no policies are applied: every call is denied')
  }
  for (const [name, problems] of policy.isolated) {
    const [broken] = problems
    const place =
      broken === undefined
        ? ''
        : ` (${broken.file}:${broken.line}:${broken.column}: ${broken.message})`
    out.push(
      `the system ${name} is isolated and every call of it is denied: policies do not hold with what it is now${place}`,
    )
  }
  const hooked = authority.connections.list().filter(({ part }) => part === 'hooks')
  if (hooked.length > 0) {
    const clients = [...new Set(hooked.map(({ client }) => client))].sort().join(', ')
    out.push(
      `built-in tools of ${clients} are governed by hooks, which is advice and not enforcement: an agent can rewrite its own settings`,
    )
  }
  if (settings.loopbackClients) {
    out.push(
      'OAuth clients of this machine itself are let in (BAILIWICK_CIMD_LOOPBACK=1): for development alone',
    )
  }
  if (settings.unboundTokensMs > 0) {
    out.push(
      `tokens that are bound to no key are issued, for at most ${settings.unboundTokensMs / 1_000} s (BAILIWICK_UNBOUND_TOKENS_S): whoever copies one can use it`,
    )
  }
  const unkept = unsandboxed(core)
  if (unkept !== undefined) out.push(unkept)
  const observed = observedNow(authority)
  if (observed !== undefined) out.push(observed)
  const orphans = authority.agents
    .list()
    .filter((agent) => agent.state !== 'retired' && agent.state !== 'discovered')
    .filter((agent) => authority.agents.orphaned(agent))
  if (orphans.length > 0) {
    const names = orphans.slice(0, 5).map(({ name }) => name)
    const more = orphans.length > names.length ? `, and ${orphans.length - names.length} more` : ''
    out.push(
      `nobody who is here owns ${names.join(', ')}${more}: they are not active until somebody does`,
    )
  }
  const { failure, sequencerProblem, reserveProblem } = audit.stats()
  const seen = core.witnessed()
  const forked = seen?.forked
  for (const { name, claim } of seen?.witnesses ?? []) {
    if (claim !== undefined) out.push(`the witness ${name} says, without evidence: ${claim}`)
  }
  if (forked !== undefined) {
    out.push(`a witness has seen another history of this log: ${forked}`)
  }
  const glass = breakGlassWarning(audit.stats().breakGlass)
  if (glass !== undefined) out.push(glass)
  for (const trouble of [failure, sequencerProblem, reserveProblem]) {
    if (trouble !== undefined) out.push(`the log has a problem: ${trouble}`)
  }
  return out
}

/** That records go elsewhere, or that somebody asks for it in vain. */
function breakGlassWarning(view: AuditStats['breakGlass']): string | undefined {
  if (view === undefined) return undefined
  const { open, problem, reason, to } = view
  const trouble = problem === undefined ? '' : `; ${problem}`
  if (to === '') return `break-glass is asked for and not understood${trouble}`
  return `the glass is broken: ${open ? 'records go' : 'records went'} to ${to} (${reason})${trouble}`
}

/** When the checkpoint of the newest shard was published (ms since the epoch). */
function publishedAt({ audit, settings }: Core): number | undefined {
  const shard = audit.shards.at(-1)
  if (shard === undefined) return undefined
  const path = join(settings.home, 'log', shard.name, 'checkpoint')
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs
}
