// Holds the attacks of an administrator of PostgreSQL on the order of the log: each is found by the gateways that follow it, and named.

import assert from 'node:assert/strict'
import { after, before, test, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { Client } from 'pg'
import { Envelope } from '../../src/audit/envelope.ts'
import { intent, logOptions, logSigner } from '../../src/audit/testbed.test.ts'
import { SpoolSeal } from '../../src/audit/postgres/seal.ts'
import { leafHash, nodeHash } from '../../src/tlog/hash.ts'
import { signNote } from '../../src/tlog/note.ts'
import { formatCheckpoint } from '../../src/tlog/checkpoint.ts'
import { openLogKey } from '../../src/audit/log-key.ts'
import { temporaryHome } from '../../src/audit/testbed.test.ts'
import { systemClock } from '../../src/std/clock.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { uuidv7 } from '../../src/std/id.ts'
import { LOG_SIGNER, logDatabase, logGateway, type LogGateway } from '../fakes/log-gateways.ts'
import { PostgresServer, type PostgresDatabase } from '../fakes/postgres.ts'

/** Triggers are no hindrance to who may switch them off. */
const UNHINDERED = 'set session_replication_role = replica;'

let server: PostgresServer
before(async () => {
  server = await PostgresServer.start()
})
after(() => server[Symbol.asyncDispose]())

/** A gateway with some records in the log, still running, and the database that orders them. */
async function scene(t: TestContext): Promise<{ database: PostgresDatabase; one: LogGateway }> {
  const database = await logDatabase(server)
  const one = await logGateway(t, 'gw-1', database)
  t.after(() => one.log.close().catch(() => one.home))
  for (let i = 0; i < 12; i++) await one.log.append(intent(`c-${i}`))
  await one.log.flush()
  return { database, one }
}

/** What a running gateway says once it has found something; it takes nothing any more then. */
async function finding({ log }: LogGateway): Promise<string> {
  for (let tries = 0; tries < 400; tries++) {
    const { failure } = log.stats()
    if (failure !== undefined) {
      await assert.rejects(log.append(intent('after')), { code: 'audit.unavailable' })
      return failure
    }
    await pause(20)
  }
  return 'nothing'
}

/** How the start of another gateway on that database ends. */
async function refusal(t: TestContext, database: PostgresDatabase): Promise<string> {
  try {
    const two = await logGateway(t, 'gw-2', database)
    await two.log.close()
  } catch (error) {
    return String(error)
  }
  return 'it started'
}

test('INV-7 a record that is edited where everybody has followed it is named by who runs and by who comes', async (t) => {
  const { database, one } = await scene(t)
  await server.query(
    `${UNHINDERED} update audit.spool set entry =
       convert_to(replace(convert_from(entry, 'UTF8'), 'read_file', 'make_file'), 'UTF8') where iseq = 5`,
    database.name,
  )
  assert.match(await finding(one), /^record 4 in the database is not the one/)
  assert.match(
    await refusal(t, database),
    /audit\.corrupt: record 4 \(number 5 .* was sealed by no gateway/,
  )
})

test('INV-7 a record that is removed is named by who runs and by who comes', async (t) => {
  const { database, one } = await scene(t)
  await server.query(`${UNHINDERED} delete from audit.spool where iseq = 7`, database.name)
  assert.match(await finding(one), /^record 6 \(number 7 of gateway gw-1, boot \S+\) is missing/)
  assert.match(await refusal(t, database), /audit\.corrupt: record 6 .* is missing/)
})

test('INV-7 two records that change places are named', async (t) => {
  const { database, one } = await scene(t)
  await server.query(
    `${UNHINDERED} begin; update audit.spool set iseq = 1000 where iseq = 3; update audit.spool set iseq = 3 where iseq = 4;
     update audit.spool set iseq = 4 where iseq = 1000; commit`,
    database.name,
  )
  assert.match(await finding(one), /^record 2 in the database is not/)
  assert.match(
    await refusal(t, database),
    /audit\.corrupt: record 2 \(number 3 .* was sealed by no gateway/,
  )
})

test('INV-7 an old state that is put back is named, and nothing is recorded on top of it', async (t) => {
  const { database, one } = await scene(t)
  const before = one.log.stats().size
  await one.log.append(intent('to be forgotten'))
  await one.log.flush()
  const { size } = one.log.stats()
  await server.query(
    `${UNHINDERED} begin; delete from audit.checkpoints where upto > ${before}; delete from audit.runs where idx >= ${before};
     update audit.boots set iseq = ${before};
     update audit.state s set size = c.size, root = c.root from audit.checkpoints c where c.upto = ${before}; commit`,
    database.name,
  )
  const found = await finding(one)
  assert.match(
    found,
    new RegExp(`^the database has \\d+ records, this home has followed it to ${size}`),
  )
})

test('INV-7 a root that is changed in the database is named', async (t) => {
  const { database, one } = await scene(t)
  await server.query(`${UNHINDERED} update audit.state set root = sha256('another')`, database.name)
  assert.match(await finding(one), /^the database has another root at \d+ records/)
})

test('INV-7 the history before this point, replaced as a whole, is named', async (t) => {
  const { database, one } = await scene(t)
  await server.query(
    `${UNHINDERED} begin; update audit.checkpoints set root = sha256('another') where upto = (select max(upto) from audit.checkpoints);
     update audit.state set root = sha256('another'); commit`,
    database.name,
  )
  assert.match(await finding(one), /^the database has another history of the first \d+ records/)
})

test('INV-7 a record that is changed on its way into the database is named by its gateway', async (t) => {
  const { database, one } = await scene(t)
  await server.query(
    `create function public.meddle() returns trigger language plpgsql as $$ begin
       new.entry := convert_to(replace(convert_from(new.entry, 'UTF8'), 'rm_all', 'ls_all'), 'UTF8'); return new; end $$;
     create trigger meddle before insert on audit.spool for each row execute function public.meddle()`,
    database.name,
  )
  await one.log.append({ ...intent('hidden'), action: 'rm_all' }).catch(() => undefined)
  assert.match(await finding(one), /^the database holds another record as number \d+ of boot/)
})

test('INV-7 a record that is changed right after it came into the database is named by its gateway', async (t) => {
  const { database, one } = await scene(t)
  await server.query(
    `create function public.meddle() returns trigger language plpgsql security definer as $$ begin
       set local session_replication_role = replica;
       update audit.spool set entry = convert_to(replace(convert_from(entry, 'UTF8'), 'rm_all', 'ls_all'), 'UTF8')
         where gateway = new.gateway and boot = new.boot and iseq = new.iseq; return null; end $$;
     create trigger meddle after insert on audit.spool for each row execute function public.meddle()`,
    database.name,
  )
  await one.log.append({ ...intent('hidden'), action: 'rm_all' }).catch(() => undefined)
  assert.match(await finding(one), /^number \d+ of this boot in the database is not what this/)
})

test('INV-7 a record that is swallowed on its way holds up what follows, and is named', async (t) => {
  const { database, one } = await scene(t)
  await server.query(
    `create function public.swallow() returns trigger language plpgsql as $$ begin
       if position('rm_all' in convert_from(new.entry, 'UTF8')) > 0 then return null; end if; return new; end $$;
     create trigger swallow before insert on audit.spool for each row execute function public.swallow()`,
    database.name,
  )
  await one.log.append({ ...intent('hidden'), action: 'rm_all' }).catch(() => undefined)
  assert.match(await finding(one), /^the database holds another record as number \d+ of boot/)
})

/** Puts a record into the database as whoever has the application's role can, under any name, with any seal. */
async function forge(
  database: PostgresDatabase,
  gateway: string,
  text: string | ((boot: string) => string),
  { seal = Buffer.alloc(32, 7), iseq = 1, boot = uuidv7(systemClock, systemEntropy) }: Forged = {},
): Promise<string> {
  const entry = Buffer.from(typeof text === 'string' ? text : text(boot))
  const sealed = seal instanceof SpoolSeal ? seal.of({ gateway, boot, iseq, entry }) : seal
  const client = new Client({ connectionString: database.url })
  await client.connect()
  await client.query('select audit.attach($1, $2)', [gateway, boot])
  await client.query('insert into audit.spool values ($1, $2, $3, $4, $5)', [
    gateway,
    boot,
    iseq,
    entry,
    sealed,
  ])
  await client.end()
  return boot
}

interface Forged {
  readonly seal?: Buffer | SpoolSeal
  readonly iseq?: number
  readonly boot?: string
}

/** A record as a gateway of that name would have sealed it. */
const recordOf = (gateway: string) => (boot: string) =>
  Buffer.from(
    new Envelope(gateway, boot, systemClock, systemEntropy).seal(intent('forged')).text,
  ).toString('utf8')

/** Seals as every gateway of these tests does: whoever has this has the keys of a home. */
function ownSeal({ home }: LogGateway): SpoolSeal {
  const { origin } = logOptions(home)
  return new SpoolSeal(origin, openLogKey(home, origin, LOG_SIGNER).spoolKey())
}

/** Root of a tree over these leaves (RFC 6962 §2.1). */
function rootOf(leaves: readonly Uint8Array[]): Buffer {
  const [first] = leaves
  if (first === undefined || leaves.length === 1) return Buffer.from(first ?? [])
  const left = 2 ** Math.floor(Math.log2(leaves.length - 1))
  return Buffer.from(nodeHash(rootOf(leaves.slice(0, left)), rootOf(leaves.slice(left))))
}

/** The records `log.refused` once there is one of each boot. */
async function refusals({ log }: LogGateway, ...boots: readonly string[]): Promise<unknown[]> {
  for (let tries = 0; tries < 400; tries++) {
    await log.flush()
    const found = (await log.tail({ type: 'log.refused', limit: 10 })).map((one) => ({
      ...one.record.body,
    }))
    if (boots.every((boot) => found.some((body) => body['boot'] === boot))) return found.reverse()
    await pause(20)
  }
  throw new Error('nothing was refused')
}

test('INV-7 a record under the name of a gateway that does not run gets no index, and is recorded as refused', async (t) => {
  const { database, one } = await scene(t)
  const absent = await forge(database, 'gw-2', recordOf('gw-2'))
  const own = await forge(database, 'gw-1', recordOf('gw-1'))
  // It does not hold up what is recorded meanwhile, nor what another gateway records.
  await one.log.append(intent('goes on'))
  assert.deepEqual(await refusals(one, absent, own), [
    { gateway: 'gw-2', boot: absent, iseq: 1 },
    { gateway: 'gw-1', boot: own, iseq: 1 },
  ])
  assert.equal((await one.log.byCall('forged')).length, 0)
  assert.equal((await one.log.byCall('goes on')).length, 1)
  const two = await logGateway(t, 'gw-2', database)
  await two.log.append(intent('real'))
  await two.log.flush()
  assert.equal((await two.log.byCall('real')).length, 1)
  assert.equal((await two.log.byCall('forged')).length, 0)
  await two.log.close()
  assert.equal(one.log.stats().failure, undefined)
})

test('INV-7 a sealed record that is put in another place gets no index there', async (t) => {
  const { database, one } = await scene(t)
  const [real] = await server.query(
    'select boot, iseq, entry, seal from audit.spool where iseq = 5',
    database.name,
  )
  const copied = await forge(database, 'gw-1', String(real?.['entry']), {
    seal: real?.['seal'] as Buffer,
    iseq: 1,
  })
  await refusals(one, copied)
  assert.equal(one.log.stats().failure, undefined)
})

test('INV-7 what stands behind a gap and was sealed by nobody is no gap that anybody waits for', async (t) => {
  const { database, one } = await scene(t)
  const boot = await forge(database, 'gw-3', recordOf('gw-3'), { iseq: 9 })
  assert.deepEqual(await refusals(one, boot), [{ gateway: 'gw-3', boot, iseq: 9 }])
  assert.equal(one.log.stats().sequencerProblem, undefined)
})

test('INV-7 a made-up name is not recorded as it stands, and only so many are recorded at all', async (t) => {
  const { database, one } = await scene(t)
  const boot = await forge(database, 'Ada Lovelace, ada@example.org', '{}')
  assert.deepEqual(await refusals(one, boot), [{ gateway: null, boot, iseq: 1 }])
  await server.query(
    `insert into audit.boots (gateway, boot) select 'gw-9', gen_random_uuid() from generate_series(1, 200);
     insert into audit.spool select gateway, boot, 1, 'x', decode(repeat('00', 32), 'hex') from audit.boots where gateway = 'gw-9'`,
    database.name,
  )
  for (let i = 0; i < 5; i++) {
    await one.log.append(intent(`meanwhile ${i}`))
    await one.log.flush()
  }
  assert.equal((await one.log.tail({ type: 'log.refused', limit: 1000 })).length, 64)
  assert.equal(one.log.stats().failure, undefined)
})

test('INV-7 whoever leads without the keys of a home gives unsealed records an index that every other process refuses', async (t) => {
  const { database, one } = await scene(t)
  await one.log.append(intent('before'))
  await one.log.flush()
  await one.log.close()
  // All that the application's role may do: it takes the lead by the functions, with the right root.
  const boot = uuidv7(systemClock, systemEntropy)
  const text = recordOf('gw-2')(boot)
  await forge(database, 'gw-2', text, { boot })
  const client = new Client({ connectionString: database.url })
  await client.connect()
  const rows = async (sql: string, values: unknown[] = []): Promise<Record<string, unknown>[]> =>
    (await client.query<Record<string, unknown>>(sql, values)).rows
  const [lead] = await rows(`select audit.lead('gw-2') as epoch`)
  const [state] = await rows('select shard, base, size, root from audit.state')
  const entries = await rows('select entry from audit.records order by idx')
  const leaves = [...entries.map(({ entry }) => entry as Buffer), Buffer.from(text)].map(leafHash)
  const size = leaves.length - 1
  assert.equal(Number(state?.['size']), size)
  const [moved] = await rows(
    'select audit.swap($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) as moved',
    [
      lead?.['epoch'],
      state?.['shard'],
      state?.['base'],
      size,
      state?.['root'],
      size + 1,
      rootOf(leaves),
      ['gw-2'],
      [boot],
      [1],
      [1],
    ],
  )
  assert.equal(moved?.['moved'], 1)
  await client.end()
  const why = new RegExp(`audit\\.corrupt: record ${size} .* was sealed by no gateway`)
  assert.match(await refusal(t, database), why)
})

test('INV-7 a sealed record under the name of a gateway that did not write it is named by that gateway', async (t) => {
  const { database, one } = await scene(t)
  const boot = await forge(database, 'gw-1', recordOf('gw-1'), { seal: ownSeal(one) })
  const found = await finding(one)
  assert.match(
    found,
    new RegExp(`number 1 of gateway gw-1, boot ${boot}.* is not what this gateway recorded`),
  )
})

test('INV-7 what says of itself that it is another record gets no index', async (t) => {
  const { database, one } = await scene(t)
  await forge(database, 'gw-9', '{"type":"nothing"}', { seal: ownSeal(one) })
  assert.match(await finding(one), /number 1 of gateway gw-9.* is not what it is filed as/)
})

test('INV-7 a checkpoint that another key signed is named', async (t) => {
  const { database, one } = await scene(t)
  const key = openLogKey(temporaryHome(t), 'audit.test/log', logSigner())
  const [state] = await server.query(
    'select shard, size, root, upto from audit.checkpoints order by upto desc limit 1',
    database.name,
  )
  const shard = String(state?.['shard'])
  const head = { origin: `audit.test/log/${shard}`, size: Number(state?.['size']) }
  const body = formatCheckpoint({ ...head, root: state?.['root'] as Buffer })
  const note = signNote(body, [key.shard(shard)])
  await server.query(
    `${UNHINDERED} update audit.checkpoints set note = $note$${note}$note$ where upto = ${String(state?.['upto'])}`,
    database.name,
  )
  assert.match(await refusal(t, database), /is not signed by this log's key/)
  await one.log.close()
})

test('a leader whose time is over moves nothing', async (t) => {
  const { database, one } = await scene(t)
  const client = new Client({ connectionString: database.url })
  await client.connect()
  const { rows } = await client.query('select epoch::int as epoch from audit.leader')
  const mine = Number((rows[0] as { epoch: number }).epoch)
  const state = await client.query('select shard, base, size, root from audit.state')
  const { shard, base, size, root } = state.rows[0] as Record<string, unknown>
  const swap = async (epoch: number, from: unknown): Promise<unknown> => {
    const answer = await client.query(
      `select audit.swap($1, $2, $3, $4, $5, $6, sha256('x'), '{}', '{}', '{}', '{}') as moved`,
      [epoch, shard, base, from, root, Number(size) + 1],
    )
    return (answer.rows[0] as { moved: unknown }).moved
  }
  assert.equal(await swap(mine - 1, size), 0)
  assert.equal(await swap(mine, Number(size) - 1), 0)
  await assert.rejects(swap(mine, size), /the runs do not add up/)
  await client.end()
  await one.log.append(intent('still'))
  await one.log.flush()
})
