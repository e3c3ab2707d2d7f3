// Holds the opening of a store: the database of one home, brought to this version, with a repository per table.

import { join } from 'node:path'
import { Kysely } from 'kysely'
import type { Fault } from '../std/fault.ts'
import type { Receipt } from '../wire/record.ts'
import type { StoreDialect } from './dialect.ts'
import { migrate } from './migrations.ts'
import { checkPrivate } from './permissions.ts'
import { AGENTS, type Agent } from './rows/agent.ts'
import { AMENDMENTS, type Amendment } from './rows/amendment.ts'
import { APPROVALS, type Approval } from './rows/approval.ts'
import { CERTIFICATES, type CertificateRow } from './rows/certificate.ts'
import { CHECKS, type Check } from './rows/check.ts'
import { CONNECTIONS, type Connection } from './rows/connection.ts'
import { CREDENTIALS, type CredentialUse } from './rows/credential.ts'
import { CURSORS, type Cursor } from './rows/cursor.ts'
import { DELEGATIONS, type Delegation } from './rows/delegation.ts'
import { DROPS, type DroppedShard } from './rows/drop.ts'
import { GATEWAYS, type Gateway } from './rows/gateway.ts'
import { ENFORCERS, type Enforcer } from './rows/enforcer.ts'
import {
  GOVERNANCE,
  GOVERNANCE_RULE,
  GOVERNANCE_SEEN,
  type GovernanceChange,
  type GovernanceRule,
  type GovernanceSeen,
} from './rows/governance.ts'
import { INSTANCES, type InstanceRow } from './rows/instance.ts'
import { JOIN_TOKENS, type JoinTokenRow } from './rows/join-token.ts'
import { LIMITS, type Limit } from './rows/limit.ts'
import { LOCKS, type Lock } from './rows/lock.ts'
import { PAYLOADS, type Payload } from './rows/payload.ts'
import { PEOPLE, type Person } from './rows/person.ts'
import { POLICIES, type PolicyVersion } from './rows/policy.ts'
import { PROPOSALS, type Proposal } from './rows/proposal.ts'
import { QUARANTINES, type Quarantine } from './rows/quarantine.ts'
import { SECRETS, type Secret } from './rows/secret.ts'
import { SYSTEMS, type PinnedSystem } from './rows/system.ts'
import { FINDINGS, type FindingRow } from './rows/finding.ts'
import { REFRESH_FAMILIES, type RefreshRow } from './rows/refresh.ts'
import { REGISTRATIONS, type Registration } from './rows/registration.ts'
import { ROOTS, type RootRow } from './rows/root.ts'
import { SESSIONS, type SessionRow } from './rows/session.ts'
import { SPENT, type SpentRow } from './rows/spent.ts'
import { SUBJECTS, type Subject } from './rows/subject.ts'
import { TALLIES, type TallyPosition, type TallyRow } from './rows/tally.ts'
import { TASKS, type Task } from './rows/task.ts'
import { TEAMS, type Team } from './rows/team.ts'
import { TOKENS, type TokenRow } from './rows/token.ts'
import { TRIGGERS, type LearnedTrigger } from './rows/trigger.ts'
import { TRUST_SOURCES, type TrustSource } from './rows/trust-source.ts'
import { UPSTREAM_TOKENS, type UpstreamTokenRow } from './rows/upstream-token.ts'
import { SignedRows, type RowSigner } from './signed-rows.ts'
import { SignedTable, type OnRefused, type SignedRepository } from './signed-table.ts'
import { sqliteDialect } from './sqlite.ts'
import type { TableShape } from './table.ts'
import { ONE_CONNECTION, type Transactions } from './transactions.ts'

/** One repository per signed table. */
export interface Tables {
  readonly people: SignedRepository<Person>
  readonly agents: SignedRepository<Agent>
  readonly systems: SignedRepository<PinnedSystem>
  readonly policies: SignedRepository<PolicyVersion>
  readonly delegations: SignedRepository<Delegation>
  readonly approvals: SignedRepository<Approval>
  readonly amendments: SignedRepository<Amendment>
  readonly checks: SignedRepository<Check>
  readonly gateways: SignedRepository<Gateway>
  readonly locks: SignedRepository<Lock>
  readonly secrets: SignedRepository<Secret>
  readonly joinTokens: SignedRepository<JoinTokenRow>
  readonly instances: SignedRepository<InstanceRow>
  readonly certificates: SignedRepository<CertificateRow>
  readonly teams: SignedRepository<Team>
  readonly registrations: SignedRepository<Registration>
  readonly trustSources: SignedRepository<TrustSource>
  readonly roots: SignedRepository<RootRow>
  readonly tokens: SignedRepository<TokenRow>
  readonly refreshFamilies: SignedRepository<RefreshRow>
  readonly sessions: SignedRepository<SessionRow>
  readonly spent: SignedRepository<SpentRow>
  readonly findings: SignedRepository<FindingRow>
  readonly enforcers: SignedRepository<Enforcer>
  readonly tasks: SignedRepository<Task>
  readonly proposals: SignedRepository<Proposal>
  readonly quarantines: SignedRepository<Quarantine>
  readonly limits: SignedRepository<Limit>
  readonly tallies: SignedRepository<TallyRow | TallyPosition>
  readonly triggers: SignedRepository<LearnedTrigger>
  readonly connections: SignedRepository<Connection>
  readonly cursors: SignedRepository<Cursor>
  readonly drops: SignedRepository<DroppedShard>
  readonly credentials: SignedRepository<CredentialUse>
  readonly upstreamTokens: SignedRepository<UpstreamTokenRow>
  readonly subjects: SignedRepository<Subject>
  readonly payloads: SignedRepository<Payload>
  readonly governance: SignedRepository<GovernanceChange>
  readonly governanceRule: SignedRepository<GovernanceRule>
  readonly governanceSeen: SignedRepository<GovernanceSeen>
}

/** An open database. */
export interface Store extends Tables {
  /** Runs several writes in one transaction: all of them are durable when it resolves, or none ever is. */
  atomically<R>(work: (tables: Tables) => Promise<R>): Promise<R>
  /** What is wrong with whole tables (`store.roll`); empty when nothing is. */
  check(): Promise<readonly Fault[]>
  /** Makes every roll count what verifies now; only ever on a person's word, which the receipt records. */
  adopt(receipt: Receipt): Promise<void>
  /** Tells of rows that are no authority because they do not verify. Returns the way to stop listening. */
  onRefused(listener: OnRefused): () => void
  /** Leaves nothing of deleted rows in what the database keeps beside its tables, as far as it lets itself be told. */
  scrub(): Promise<void>
  close(): Promise<void>
}

/** What a store is opened with. */
export interface StoreOptions {
  /** The `authority` key. */
  readonly signer: RowSigner
}

/**
 * Opens the embedded database `bailiwick.db` of a home that this process has locked, making it where there is none.
 * Throws `store.permissions`, `store.newer` or `store.migration`.
 */
export async function openStore(
  options: StoreOptions & { readonly directory: string },
): Promise<Store> {
  checkPrivate(options.directory, 'directory')
  return openStoreOn(sqliteDialect(join(options.directory, 'bailiwick.db')), options)
}

/** Opens a store over any dialect: what `openStore` does, and what another database joins by. */
export async function openStoreOn(dialect: StoreDialect, options: StoreOptions): Promise<Store> {
  const db = new Kysely<unknown>({ dialect: dialect.dialect })
  const rows = new SignedRows(options.signer)
  const listeners = new Set<OnRefused>()
  const onRefused: OnRefused = (...refused) => listeners.forEach((listener) => listener(...refused))
  try {
    if (dialect.prepared !== true) await migrate(db, dialect, rows)
  } catch (error) {
    await db.destroy()
    throw error
  }
  const transactions = dialect.transactions ?? ONE_CONNECTION
  const on: Ground = { rows, onRefused, transactions }
  const tables = tablesOn(db, on)
  return {
    ...tables,
    atomically: (work) => transactions.write(db, (trx) => work(tablesOn(trx, on))),
    async check() {
      const found: Fault[] = []
      for (const table of Object.values(tables)) {
        const problem = await table.check()
        if (problem !== undefined) found.push(problem)
      }
      return found
    },
    async adopt(receipt) {
      await transactions.write(db, async (trx) => {
        for (const table of Object.values(tablesOn(trx, on))) await table.adopt(receipt)
      })
    },
    onRefused(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    // In a transaction's place: nothing else of ours holds the database open meanwhile.
    scrub: () => db.connection().execute(() => Promise.resolve(dialect.scrub?.())),
    close: () => db.destroy(),
  }
}

/** What is wrong first with whole tables, as one transaction that is under way sees them; undefined where nothing is. */
export async function firstTrouble(
  trx: Kysely<unknown>,
  { signer }: StoreOptions,
): Promise<Fault | undefined> {
  const on: Ground = {
    rows: new SignedRows(signer),
    onRefused: () => undefined,
    transactions: ONE_CONNECTION,
  }
  for (const table of Object.values(tablesOn(trx, on))) {
    const problem = await table.check()
    if (problem !== undefined) return problem
  }
  return undefined
}

/** What every repository stands on. */
interface Ground {
  readonly rows: SignedRows
  readonly onRefused: OnRefused
  readonly transactions: Transactions
}

/** The repositories over a database, or over one transaction of it. */
function tablesOn(db: Kysely<unknown>, ground: Ground): Tables {
  const { rows, onRefused, transactions } = ground
  const on = <T>(shape: TableShape<T>) => new SignedTable(db, rows, shape, onRefused, transactions)
  return {
    people: on(PEOPLE),
    agents: on(AGENTS),
    systems: on(SYSTEMS),
    policies: on(POLICIES),
    delegations: on(DELEGATIONS),
    approvals: on(APPROVALS),
    amendments: on(AMENDMENTS),
    checks: on(CHECKS),
    gateways: on(GATEWAYS),
    locks: on(LOCKS),
    secrets: on(SECRETS),
    joinTokens: on(JOIN_TOKENS),
    instances: on(INSTANCES),
    certificates: on(CERTIFICATES),
    teams: on(TEAMS),
    registrations: on(REGISTRATIONS),
    trustSources: on(TRUST_SOURCES),
    roots: on(ROOTS),
    tokens: on(TOKENS),
    refreshFamilies: on(REFRESH_FAMILIES),
    sessions: on(SESSIONS),
    spent: on(SPENT),
    findings: on(FINDINGS),
    enforcers: on(ENFORCERS),
    tasks: on(TASKS),
    proposals: on(PROPOSALS),
    quarantines: on(QUARANTINES),
    limits: on(LIMITS),
    tallies: on(TALLIES),
    triggers: on(TRIGGERS),
    connections: on(CONNECTIONS),
    cursors: on(CURSORS),
    drops: on(DROPS),
    credentials: on(CREDENTIALS),
    upstreamTokens: on(UPSTREAM_TOKENS),
    subjects: on(SUBJECTS),
    payloads: on(PAYLOADS),
    governance: on(GOVERNANCE),
    governanceRule: on(GOVERNANCE_RULE),
    governanceSeen: on(GOVERNANCE_SEEN),
  }
}
