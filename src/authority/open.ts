// Holds the authority as one object: everything that says who may do what, read from the database and kept in memory.

import { Fault } from '../std/fault.ts'
import { Confider } from '../audit/side/confide.ts'
import { Subjects } from '../audit/side/subjects.ts'
import type { Amendments } from './approvals/amendments.ts'
import { Approvals } from './approvals/approvals.ts'
import { Checks } from './checks/checks.ts'
import { Connections } from './connections/connections.ts'
import { Delegations } from './delegation/delegations.ts'
import { Effects } from './effects/effects.ts'
import { Enforcers } from './enforcers/enforcers.ts'
import { Erasures } from './erasure/erasures.ts'
import { Findings } from './findings/findings.ts'
import { Gateways } from './gateways/gateways.ts'
import { Governance } from './governance/governance.ts'
import { History } from './history/history.ts'
import { Limits } from './limits/limits.ts'
import { Locks } from './locks/locks.ts'
import type { AuthorityPorts } from './ports.ts'
import { reactions } from './reactions.ts'
import { Agents } from './registry/agents.ts'
import { People } from './registry/people.ts'
import { Policies } from './registry/policies.ts'
import { Proposals } from './registry/proposals.ts'
import { Quarantines } from './registry/quarantines.ts'
import { Systems } from './registry/systems.ts'
import { Teams } from './registry/teams.ts'
import { CredentialConcerns } from './secrets/concerns.ts'
import { KeyRotation } from './secrets/key-rotation.ts'
import { Secrets } from './secrets/secrets.ts'
import { CredentialUsage } from './secrets/usage.ts'
import { Sessions } from './sessions/sessions.ts'
import { Tasks } from './tasks/tasks.ts'
import { TrustSources } from './trust/trust-sources.ts'
import { UpstreamTokenStore } from './upstream-tokens/upstream-tokens.ts'

/** The authority, one property per noun. Identity is opened over the same ports. */
export interface Authority {
  readonly people: People
  readonly teams: Teams
  readonly agents: Agents
  readonly systems: Systems
  readonly policies: Policies
  readonly proposals: Proposals
  readonly quarantines: Quarantines
  readonly delegations: Delegations
  readonly tasks: Tasks
  /** What calls set off. */
  readonly effects: Effects
  /** Programs of others that ask for decisions. */
  readonly enforcers: Enforcers
  /** How much may happen within a time. */
  readonly limits: Limits
  /** What lineages have done. Empty until `history.restore` has read the log. */
  readonly history: History
  readonly approvals: Approvals
  /** What persons agreed to for whole tasks. */
  readonly amendments: Amendments
  /** Programs that gates name in place of people. */
  readonly checks: Checks
  /** Processes of their own that carry calls out. */
  readonly gateways: Gateways
  readonly locks: Locks
  readonly secrets: Secrets
  /** When each secret was used last, and for which agents. */
  readonly usage: CredentialUsage
  /** What people should know of secrets. */
  readonly concerns: CredentialConcerns
  /** What each person consented to at systems that are called as their users. */
  readonly upstreamTokens: UpstreamTokenStore
  /** The keys that all of these are sealed under. */
  readonly keyRotation: KeyRotation
  readonly findings: Findings
  /** Files of clients that were put behind Bailiwick. */
  readonly connections: Connections
  readonly sessions: Sessions
  /** Whose word counts here besides our own. */
  readonly trust: TrustSources
  /** Changes of who governs, under four eyes. */
  readonly governance: Governance
  /** Keys of what is personal, one for each person. */
  readonly subjects: Subjects
  /** What people said in words, beside the log. */
  readonly confider: Confider
  /** Destroying what is kept of people. */
  readonly erasure: Erasures
  /** Resolves when everything that locks and suspensions set off has ended. */
  settled(): Promise<void>
}

/** Told of what went wrong where nobody waits for an answer; for the operator's own log. */
export type OnTrouble = (trouble: Fault) => void

/** How long people wait who govern alone, or newly (ms). Absent: not at all. */
export interface GovernanceTimes {
  /** Who is alone, for a change that gives somebody a say. */
  readonly aloneMs?: number
  /** Who newly has a role, or is newly in a team, until they may decide about held calls by it. */
  readonly approverMs?: number
}

/**
 * Opens the authority. Rows that do not verify are no authority and are recorded; where rows are missing, or older ones
 * were put back, everything is locked (`integrity`) until a person has looked.
 */
export async function openAuthority(
  ports: AuthorityPorts & {
    readonly onTrouble: OnTrouble
    readonly governance?: GovernanceTimes
  },
): Promise<Authority> {
  const refused = new Map<string, { table: string; row: string }>()
  const stop = ports.store.onRefused((_, table, row) =>
    refused.set(`${table}/${row}`, { table, row }),
  )
  const problems = await ports.store.check()
  const subjects = await Subjects.load(ports)
  const registry = await openRegistry(ports, subjects)
  const { people, teams, agents, systems, policies, delegations, tasks } = registry
  const { aloneMs: aloneDelayMs = 0, approverMs = 0 } = ports.governance ?? {}
  const approvals = await Approvals.load(ports, { people, subjects, teams, tasks, approverMs })
  const locks = await Locks.load(ports, { people, agents, systems }, problems)
  const secrets = await Secrets.load(ports)
  const findings = await Findings.load(ports)
  const usage = await CredentialUsage.load(ports)
  const upstreamTokens = await UpstreamTokenStore.load(ports)
  const concerns = new CredentialConcerns({ secrets, usage, findings, clock: ports.clock })
  const keyRotation = new KeyRotation(ports)
  for (const sealed of [secrets, upstreamTokens, subjects]) keyRotation.add(sealed)
  const [connections, checks] = [await Connections.load(ports), await Checks.load(ports)]
  for (const sealed of [connections, checks]) keyRotation.add(sealed)
  const sessions = await Sessions.load(ports, people)
  const trust = await TrustSources.load(ports)
  const effects = await Effects.load({ ...ports, systems })
  const enforcers = await Enforcers.load(ports, systems)
  const gateways = await Gateways.load(ports, systems)
  const limits = await Limits.load(ports, { agents, people })
  const history = new History({ ...ports, limits, tasks, agents })
  trust.onChange((source) => sessions.sources.show(source))
  const governed = { people, teams, trust, locks, aloneDelayMs }
  const governance = await Governance.load(ports, governed, ports.onTrouble)
  stop()
  await tellRefused([...refused.values()], problems, ports)
  const nouns = { people, teams, agents, systems, policies, delegations, approvals, locks, secrets }
  const { amendments } = approvals
  const settled = reactions({ ...nouns, amendments, tasks }, ports.onTrouble)
  return {
    ...registry,
    ...nouns,
    amendments,
    checks,
    gateways,
    effects,
    enforcers,
    limits,
    history,
    findings,
    usage,
    concerns,
    upstreamTokens,
    keyRotation,
    connections,
    sessions,
    trust,
    governance,
    subjects,
    confider: new Confider({ ...ports, subjects }),
    erasure: new Erasures(ports, { people, subjects, approvals, amendments, upstreamTokens }),
    settled: async () => {
      await settled()
      await history.settled()
    },
  }
}

/** Opens who there is, what they may call, and on whose behalf. */
async function openRegistry(ports: AuthorityPorts, subjects: Subjects) {
  const people = await People.load(ports, subjects)
  const teams = await Teams.load(ports, people)
  const agents = await Agents.load(ports, { people, teams })
  const systems = await Systems.load(ports)
  const policies = await Policies.load(ports)
  const proposals = await Proposals.load(ports)
  const quarantines = await Quarantines.load(ports)
  const delegations = await Delegations.load(ports, people, agents)
  const tasks = await Tasks.load(ports, people, agents)
  delegations.stayUnder(tasks)
  return {
    people,
    teams,
    agents,
    systems,
    policies,
    proposals,
    quarantines,
    delegations,
    tasks,
  }
}

/** Records which rows were no authority. The limit keeps the record bounded, whoever filled the table. */
async function tellRefused(
  refused: readonly { readonly table: string; readonly row: string }[],
  problems: readonly Fault[],
  { audit }: Pick<AuthorityPorts, 'audit'>,
): Promise<void> {
  if (refused.length === 0 && problems.length === 0) return
  const rows = refused.slice(0, 100).map(({ table, row }) => ({ table, row: row.slice(0, 128) }))
  await audit.append({
    type: 'authority.refused_rows',
    phase: 'lifecycle',
    body: { count: refused.length, rows, problems: problems.map(({ detail }) => detail) },
  })
}
