// Holds the schema as forward-only steps, and the step from any older home to this version.

import { sql, type CreateTableBuilder, type Kysely } from 'kysely'
import { Migrator, type Migration } from 'kysely/migration'
import { faults } from '../std/fault.ts'
import type { StoreDialect } from './dialect.ts'
import { STORE_FAULTS } from './faults.ts'
import { Roll, type Counted } from './roll.ts'
import type { SignedRows } from './signed-rows.ts'

const fault = faults(STORE_FAULTS)
const TABLE = 'schema_migrations'

/** A column derived from the document: text, or a 64-bit integer; `unique` ones are looked up as keys. */
type Derived = readonly [name: string, type: 'text' | 'integer', more?: 'unique' | 'nullable']

/** Makes a signed table: id, what is derived from doc, doc, sig, leaf. */
async function signedTable(
  db: Kysely<unknown>,
  d: StoreDialect,
  name: string,
  columns: readonly Derived[],
  more: (t: CreateTableBuilder<string, string>) => CreateTableBuilder<string, string> = (t) => t,
): Promise<void> {
  const text = d.text ?? sql`text`
  let table: CreateTableBuilder<string, string> = db.schema
    .createTable(name)
    .addColumn('id', text, (c) => c.primaryKey().notNull())
  for (const [column, type, kind] of columns) {
    table = table.addColumn(column, type === 'text' ? text : d.integer, (c) =>
      kind === 'nullable' ? c : kind === 'unique' ? c.notNull().unique() : c.notNull(),
    )
  }
  for (const column of ['doc', 'sig', 'leaf']) {
    table = table.addColumn(column, 'text', (c) => c.notNull())
  }
  table = more(table)
  if (d.tableEnd !== undefined) table = table.modifyEnd(d.tableEnd)
  await table.execute()
}

async function first(db: Kysely<unknown>, d: StoreDialect): Promise<void> {
  await signedTable(db, d, 'rolls', [])
  await signedTable(db, d, 'people', [['name', 'text', 'unique']])
  await signedTable(db, d, 'agents', [
    ['owner', 'text'],
    ['state', 'text'],
  ])
  await signedTable(db, d, 'systems', [['digest', 'text']])
  await signedTable(db, d, 'policies', [
    ['digest', 'text'],
    ['current', 'integer'],
  ])
  await signedTable(db, d, 'delegations', [
    ['person', 'text'],
    ['agent', 'text'],
    ['instance', 'text', 'nullable'],
    ['expires_at', 'integer'],
  ])
  await signedTable(db, d, 'approvals', [
    ['state', 'text'],
    ['instance', 'text'],
    ['agent', 'text'],
    ['requested_at', 'integer'],
    ['expires_at', 'integer'],
  ])
  await signedTable(db, d, 'locks', [['state', 'text']])
  await signedTable(db, d, 'secrets', [['system', 'text']])
  await signedTable(db, d, 'join_tokens', [
    ['token_hash', 'text', 'unique'],
    ['state', 'text'],
    ['expires_at', 'integer'],
    ['used_by', 'text', 'nullable'],
  ])
  await signedTable(db, d, 'instances', [
    ['agent', 'text'],
    ['state', 'text'],
    ['life_ends', 'integer'],
  ])
  await signedTable(
    db,
    d,
    'certificates',
    [
      ['instance', 'text'],
      ['key', 'text', 'unique'],
      ['serial', 'text', 'unique'],
      ['not_before', 'integer'],
      ['not_after', 'integer'],
    ],
    (t) => t.addForeignKeyConstraint('certificates_instance', ['instance'], 'instances', ['id']),
  )
  for (const [table, column] of INDEXES) {
    const index = sql.id(`${table}_${column}`)
    await sql`create index ${index} on ${sql.table(table)} (${sql.ref(column)})`.execute(db)
  }
}

const INDEXES = [
  ['approvals', 'state'],
  ['locks', 'state'],
  ['delegations', 'expires_at'],
  ['secrets', 'system'],
  ['instances', 'state'],
  ['certificates', 'instance'],
  ['certificates', 'not_after'],
] as const

async function identity(db: Kysely<unknown>, d: StoreDialect): Promise<void> {
  // What older rows derive for the new columns is what these defaults say.
  await sql`alter table delegations add column parent text`.execute(db)
  await sql`alter table delegations add column state text not null default 'active'`.execute(db)
  await signedTable(db, d, 'teams', [])
  await signedTable(db, d, 'registrations', [
    ['agent', 'text'],
    ['state', 'text'],
  ])
  await signedTable(db, d, 'trust_sources', [
    ['kind', 'text'],
    ['state', 'text'],
  ])
  await signedTable(db, d, 'roots', [
    ['state', 'text'],
    ['key_id', 'text', 'unique'],
  ])
  for (const name of ['tokens', 'refresh_families'])
    await signedTable(db, d, name, [
      ['instance', 'text'],
      ['state', 'text'],
      ['expires_at', 'integer'],
    ])
  await signedTable(db, d, 'sessions', [
    ['person', 'text'],
    ['state', 'text'],
    ['expires_at', 'integer'],
  ])
  await signedTable(db, d, 'spent', [['expires_at', 'integer']])
  await signedTable(db, d, 'findings', [
    ['state', 'text'],
    ['rule', 'text'],
  ])
  for (const [table, column] of IDENTITY_INDEXES) {
    const index = sql.id(`${table}_${column}`)
    await sql`create index ${index} on ${sql.table(table)} (${sql.ref(column)})`.execute(db)
  }
}

const IDENTITY_INDEXES = [
  ['delegations', 'state'],
  ['delegations', 'parent'],
  ['tokens', 'expires_at'],
  ['refresh_families', 'expires_at'],
  ['sessions', 'expires_at'],
  ['spent', 'expires_at'],
  ['findings', 'state'],
] as const

async function policy(db: Kysely<unknown>, d: StoreDialect): Promise<void> {
  await signedTable(db, d, 'tasks', [
    ['agent', 'text'],
    ['person', 'text'],
    ['state', 'text'],
    ['expires_at', 'integer'],
  ])
  await signedTable(db, d, 'limits', [])
  await signedTable(db, d, 'tallies', [['expires_at', 'integer']])
  await signedTable(db, d, 'enforcers', [['state', 'text']])
  await signedTable(db, d, 'proposals', [
    ['state', 'text'],
    ['created_at', 'integer'],
  ])
  await signedTable(db, d, 'triggers', [['expires_at', 'integer']])
  for (const [table, column] of POLICY_INDEXES) {
    const index = sql.id(`${table}_${column}`)
    await sql`create index ${index} on ${sql.table(table)} (${sql.ref(column)})`.execute(db)
  }
}

const POLICY_INDEXES = [
  ['tasks', 'state'],
  ['tasks', 'expires_at'],
  ['tallies', 'expires_at'],
  ['enforcers', 'state'],
  ['proposals', 'state'],
  ['triggers', 'expires_at'],
] as const

async function gateway(db: Kysely<unknown>, d: StoreDialect): Promise<void> {
  await signedTable(db, d, 'quarantines', [
    ['system', 'text'],
    ['state', 'text'],
  ])
  await signedTable(db, d, 'upstream_tokens', [
    ['system', 'text'],
    ['person', 'text'],
  ])
  await signedTable(db, d, 'credentials', [['system', 'text']])
  await signedTable(db, d, 'connections', [
    ['client', 'text'],
    ['state', 'text'],
  ])
  for (const [table, column] of GATEWAY_INDEXES) {
    const index = sql.id(`${table}_${column}`)
    await sql`create index ${index} on ${sql.table(table)} (${sql.ref(column)})`.execute(db)
  }
}

const GATEWAY_INDEXES = [
  ['quarantines', 'system'],
  ['quarantines', 'state'],
  ['upstream_tokens', 'system'],
  ['upstream_tokens', 'person'],
  ['credentials', 'system'],
  ['connections', 'state'],
] as const

async function record(db: Kysely<unknown>, d: StoreDialect): Promise<void> {
  await signedTable(db, d, 'subjects', [
    ['subject', 'text', 'unique'],
    ['state', 'text'],
  ])
  await signedTable(db, d, 'payloads', [
    ['call', 'text'],
    ['subject', 'text'],
    ['created_at', 'integer'],
    ['ends_at', 'integer'],
  ])
  await signedTable(db, d, 'cursors', [])
  for (const [table, column] of RECORD_INDEXES) {
    const index = sql.id(`${table}_${column}`)
    await sql`create index ${index} on ${sql.table(table)} (${sql.ref(column)})`.execute(db)
  }
}

const RECORD_INDEXES = [
  ['payloads', 'call'],
  ['payloads', 'subject'],
  ['payloads', 'ends_at'],
] as const

async function gates(db: Kysely<unknown>, d: StoreDialect): Promise<void> {
  await signedTable(db, d, 'amendments', [
    ['state', 'text'],
    ['task', 'text'],
    ['expires_at', 'integer'],
  ])
  for (const [table, column] of GATE_INDEXES) {
    const index = sql.id(`${table}_${column}`)
    await sql`create index ${index} on ${sql.table(table)} (${sql.ref(column)})`.execute(db)
  }
}

const GATE_INDEXES = [
  ['amendments', 'state'],
  ['amendments', 'task'],
] as const

async function governance(db: Kysely<unknown>, d: StoreDialect): Promise<void> {
  await signedTable(db, d, 'governance', [
    ['state', 'text'],
    ['created_at', 'integer'],
  ])
  await signedTable(db, d, 'governance_rule', [])
  await signedTable(db, d, 'governance_seen', [])
  await sql`create index ${sql.id('governance_state')} on ${sql.table('governance')} (${sql.ref('state')})`.execute(
    db,
  )
}

/** A step of the schema. Steps are only ever added at the end; one that has run anywhere is never edited. */
export interface SchemaStep {
  readonly up: (db: Kysely<unknown>, dialect: StoreDialect) => Promise<void>
  /** Tables whose rolls begin in the same transaction, over all rows that are there and verify. */
  readonly rolls: readonly string[]
}

/** History: 0001 everything that the first vertical slice needs; 0002 identity: teams, registrations, roots, tokens, sessions, findings; 0003 policy: tasks, limits, tallies, enforcers, proposals, triggers; 0004 the gateway: quarantines, upstream_tokens, credentials, connections; 0005 the record: subjects, payloads, cursors; 0006 retention: drops; 0007 gates: amendments; 0008 checks; 0009 governance: governance, governance_rule, governance_seen; 0010 gateways. */
export const SCHEMA_STEPS: Readonly<Record<string, SchemaStep>> = {
  '0001_first': {
    up: first,
    rolls: [
      'people',
      'agents',
      'systems',
      'policies',
      'approvals',
      'locks',
      'join_tokens',
      'instances',
    ],
  },
  '0002_identity': {
    up: identity,
    rolls: [
      'delegations',
      'teams',
      'registrations',
      'trust_sources',
      'roots',
      'refresh_families',
      'sessions',
    ],
  },
  '0003_policy': {
    up: policy,
    rolls: ['tasks', 'limits', 'enforcers', 'proposals'],
  },
  '0004_gateway': {
    up: gateway,
    rolls: ['quarantines', 'upstream_tokens', 'connections', 'secrets'],
  },
  '0005_record': {
    up: record,
    rolls: ['subjects'],
  },
  '0006_retention': {
    up: (db, d) => signedTable(db, d, 'drops', []),
    rolls: ['drops'],
  },
  '0007_gates': {
    up: gates,
    rolls: ['amendments'],
  },
  '0008_checks': {
    up: async (db, d) => {
      await signedTable(db, d, 'checks', [
        ['name', 'text'],
        ['state', 'text'],
      ])
      await sql`create index checks_state on checks (state)`.execute(db)
    },
    rolls: ['checks'],
  },
  '0009_governance': {
    up: governance,
    rolls: ['governance', 'governance_rule'],
  },
  '0010_gateways': {
    up: (db, d) =>
      signedTable(db, d, 'gateways', [
        ['name', 'text'],
        ['state', 'text'],
      ]),
    rolls: ['gateways'],
  },
}

/**
 * Brings the schema to this version, all steps in one transaction: a crash or an error leaves the version that was there.
 * Throws `store.newer` when a step has run that we do not know.
 */
export async function migrate(
  db: Kysely<unknown>,
  dialect: StoreDialect,
  rows: SignedRows,
  steps: Readonly<Record<string, SchemaStep>> = SCHEMA_STEPS,
): Promise<void> {
  await refuseNewer(db, steps)
  const migrations: Record<string, Migration> = {}
  for (const [name, step] of Object.entries(steps)) {
    migrations[name] = {
      async up(on: Kysely<unknown>) {
        await step.up(on, dialect)
        for (const table of step.rolls) {
          const { rows: there } = await sql<Counted>`select * from ${sql.table(table)}`.execute(on)
          // A row that was put in by hand does not verify, and must not come by a roll that vouches for it.
          const genuine = there.filter((row) => rows.verifies(table, row))
          await new Roll(rows, table).write(on, genuine)
        }
      },
    }
  }
  const migrator = new Migrator({
    db,
    provider: { getMigrations: () => Promise.resolve(migrations) },
    migrationTableName: TABLE,
    migrationLockTableName: `${TABLE}_lock`,
  })
  const { error } = await migrator.migrateToLatest()
  if (error !== undefined) {
    throw fault('store.migration', 'the schema could not be brought to this version', error)
  }
}

async function refuseNewer(
  db: Kysely<unknown>,
  steps: Readonly<Record<string, SchemaStep>>,
): Promise<void> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some((t) => t.name === TABLE)) return
  const { rows } = await sql<{ name: string }>`select name from ${sql.table(TABLE)}`.execute(db)
  const unknown = rows.map((row) => row.name).find((name) => !(name in steps))
  if (unknown === undefined) return
  throw fault(
    'store.newer',
    `this home was made by a newer version of bailiwick (it has schema step \`${unknown}\`)`,
  )
}
