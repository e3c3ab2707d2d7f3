// Holds the attacks of an administrator of PostgreSQL on the order of the log: each is found by the gateways that follow it, and named.

import assert from 'node:assert/strict'
import { after, before, test, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { Client } from 'pg'
import { Envelope } from '../../src/audit/envelope.ts'
import { intent, logSigner } from '../../src/audit/testbed.test.ts'
import { signNote } from '../../src/tlog/note.ts'
import { formatCheckpoint } from '../../src/tlog/checkpoint.ts'
import { openLogKey } from '../../src/audit/log-key.ts'
import { temporaryHome } from '../../src/audit/testbed.test.ts'
import { systemClock } from '../../src/std/clock.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { uuidv7 } from '../../src/std/id.ts'
import { logDatabase, logGateway, type LogGateway } from '../fakes/log-gateways.ts'
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
  assert.match(await refusal(t, database), /audit\.corrupt: records 0 to \d+ .* root/)
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
  assert.match(await refusal(t, database), /audit\.corrupt: record 2 .* is not what it is filed as/)
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
  assert.match(await finding(one), /in the database is not what this gateway recorded/)
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

test('INV-7 a record under the name of a gateway that did not write it is named by that gateway', async (t) => {
  const { database, one } = await scene(t)
  const boot = uuidv7(systemClock, systemEntropy)
  const forged = new Envelope('gw-1', boot, systemClock, systemEntropy).seal(intent('forged'))
  const client = new Client({ connectionString: database.url })
  await client.connect()
  await client.query('select audit.attach($1, $2)', ['gw-1', boot])
  await client.query('insert into audit.spool values ($1, $2, 1, $3)', [
    'gw-1',
    boot,
    Buffer.from(forged.text),
  ])
  await client.end()
  const found = await finding(one)
  assert.match(
    found,
    new RegExp(`number 1 of gateway gw-1, boot ${boot}.* is not what this gateway recorded`),
  )
})

test('INV-7 what says of itself that it is another record gets no index', async (t) => {
  const { database, one } = await scene(t)
  const boot = uuidv7(systemClock, systemEntropy)
  const client = new Client({ connectionString: database.url })
  await client.connect()
  await client.query('select audit.attach($1, $2)', ['gw-9', boot])
  await client.query(`insert into audit.spool values ('gw-9', $1, 1, '{"type":"nothing"}')`, [boot])
  await client.end()
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
