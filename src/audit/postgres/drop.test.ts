// Holds the tests of shards that go from PostgreSQL: by its owner alone, on record, and seen by homes of before and after.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import { Client } from 'pg'

import {
  LOG_SIGNER,
  logDatabase,
  logGateway,
  verifiedHome,
  type LogGateway,
} from '../../../test/fakes/log-gateways.ts'
import { PostgresServer, type PostgresDatabase } from '../../../test/fakes/postgres.ts'
import { systemClock } from '../../std/clock.ts'
import { Fault } from '../../std/fault.ts'
import { toBase64 } from '../../tlog/base64.ts'
import { LogFolder } from '../log-folder.ts'
import { openLogKey } from '../log-key.ts'
import { openAuditLog } from '../open.ts'
import { dropShard } from '../retention/drop.ts'
import { droppedOnRecord } from '../retention/on-record.ts'
import { shardMembers, type ShardWord } from '../shard-word.ts'
import type { ShardHead } from '../shard.ts'
import { intent, logOptions, temporaryHome } from '../testbed.test.ts'
import { dropFromDatabase, droppedFromDatabase } from './drop.ts'
import { uploadLog } from './upload.ts'

let server: PostgresServer
before(async () => {
  server = await PostgresServer.start()
})
after(() => server[Symbol.asyncDispose]())

/** A log in PostgreSQL of which the half-years before the last are long over, run by one gateway. */
async function oldLog(t: TestContext): Promise<{ database: PostgresDatabase; one: LogGateway }> {
  const database = await logDatabase(server)
  const home = temporaryHome(t)
  for (const iso of ['2024-05-01', '2024-11-01', '2025-05-01']) {
    const clock = { now: () => Date.parse(iso), monotonic: () => systemClock.monotonic() }
    const log = await openAuditLog({ ...logOptions(home, LOG_SIGNER), clock })
    await Promise.all(Array.from({ length: 300 }, (_, i) => log.append(intent(`${iso} ${i}`))))
    await log.close()
  }
  const { origin } = logOptions(home)
  const key = openLogKey(home, origin, LOG_SIGNER)
  const [vkey, spoolKey] = [key.vkey, key.spoolKey()]
  await uploadLog({ home, origin, vkey, spoolKey, gateway: 'gw-1', url: database.url })
  return { database, one: await logGateway(t, 'gw-1', database, { home }) }
}

/** Records that a shard is gone, and that others went before. */
async function say({ log }: LogGateway, names: readonly string[]): Promise<void> {
  const heads = names.flatMap((name) => log.shards.find((shard) => shard.name === name) ?? [])
  const [head, ...more] = heads.map(shardMembers)
  const body = { ...head, keep: '1 year', exported: false, before: more }
  await log.append({ type: 'log.shard_dropped', phase: 'lifecycle', body })
  await log.flush()
}

test('INV-7 what is dropped goes from the database by its owner; homes that had it and homes that never had it stay whole', async (t) => {
  const { database, one } = await oldLog(t)
  const had = await logGateway(t, 'gw-2', database)
  const sizes = new Map(one.log.shards.map(({ name, size }) => [name, size]))
  await say(one, ['2024h1', '2024h2'])
  const words = droppedOnRecord(one.home, new LogFolder(join(one.home, 'log')))
  assert.deepEqual([...words.keys()].toSorted(), ['2024h1', '2024h2'])
  for (const word of words.values()) {
    assert.equal(await dropFromDatabase(database.ownerUrl, word), sizes.get(word.name))
    assert.equal(await dropFromDatabase(database.ownerUrl, word), 0, 'again, there is nothing left')
  }
  assert.deepEqual([...(await droppedFromDatabase(database.url))].toSorted(), ['2024h1', '2024h2'])
  const [left] = await server.query(
    `select (select count(*) from audit.spool) as spool, (select sum(records) from audit.runs) as runs`,
    database.name,
  )
  const rest = one.log.stats().size - (sizes.get('2024h1') ?? 0) - (sizes.get('2024h2') ?? 0)
  assert.ok(Number(left?.['runs']) <= rest + 2 && Number(left?.['spool']) >= rest)

  const owner = new Client({ connectionString: database.ownerUrl })
  await owner.connect()
  for (const statement of ['delete from audit.dropped', `update audit.dropped set shard = ''`]) {
    await assert.rejects(owner.query(statement), /is never changed/, statement)
  }
  await owner.end()

  // Who had the shards reads them still, and lets them go by itself.
  await had.log.append(intent('later'))
  await had.log.flush()
  assert.ok((await had.log.byCall('2024-05-01 3')).length > 0)
  for (const { name, base, size } of had.log.shards.slice(0, 2)) {
    await dropShard({ home: had.home, shard: name, base, size })
  }
  // Who comes now takes their signed roots over, records, and comes again.
  const fresh = await logGateway(t, 'gw-3', database)
  await fresh.log.append(intent('newest'))
  await fresh.log.flush()
  assert.deepEqual(fresh.log.shards.slice(0, 2), one.log.shards.slice(0, 2))
  assert.equal((await fresh.log.byCall('2025-05-01 7')).length, 1)
  assert.throws(() => fresh.log.proof(1), code('audit.dropped'))
  await fresh.log.close()
  const again = await logGateway(t, 'gw-3', database, { home: fresh.home })
  // Longer than the look at what was followed before takes to come round.
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  await again.log.append(intent('and again'))
  await again.log.flush()
  for (const { log } of [one, had, again]) await log.flush()
  for (const { log } of [one, had, again]) await log.close()
  for (const { home } of [one, had, again]) await verifiedHome(home)
})

test('the server’s role drops nothing, and nobody drops what grows or is not what the record says', async (t) => {
  const { database, one } = await oldLog(t)
  const [first, second] = one.log.shards.map(wordOf)
  assert.ok(first !== undefined && second !== undefined)
  await assert.rejects(dropFromDatabase(database.url, first), code('audit.unavailable'))
  const wrong = { ...first, root: second.root }
  await assert.rejects(dropFromDatabase(database.ownerUrl, wrong), code('audit.unavailable'))
  await one.log.flush()
  const grows = one.log.shards.map(wordOf).at(-1)
  assert.ok(grows !== undefined)
  await assert.rejects(dropFromDatabase(database.ownerUrl, grows), code('audit.unavailable'))
  assert.equal((await droppedFromDatabase(database.url)).size, 0)
  await one.log.close()
})

test('INV-7 a shard that the owner drops and no record speaks of is found by whoever has it', async (t) => {
  const { database, one } = await oldLog(t)
  const [word] = one.log.shards.map(wordOf)
  assert.ok(word !== undefined)
  await dropFromDatabase(database.ownerUrl, word)
  // A log that grows all the while: the look comes round all the same.
  const found = async (): Promise<void> => {
    for (;;) {
      await one.log.append(intent('on'))
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  await assert.rejects(found(), /dropped the shard 2024h1, and no record says so|audit\.corrupt/)
  await one.log.close().catch(() => undefined)
})

function wordOf({ name, size, root }: ShardHead): ShardWord {
  return { name, size, root: toBase64(root) }
}

function code(wanted: string): (error: unknown) => boolean {
  return (error) => error instanceof Fault && error.code === wanted
}
