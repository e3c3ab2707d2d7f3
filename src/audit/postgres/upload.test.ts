// Holds the tests of moving a home's own log into PostgreSQL.

import assert from 'node:assert/strict'
import { after, before, test, type TestContext } from 'node:test'

import {
  LOG_SIGNER,
  logDatabase,
  logGateway,
  verifiedHome,
} from '../../../test/fakes/log-gateways.ts'
import { PostgresServer } from '../../../test/fakes/postgres.ts'
import { systemClock, type Clock } from '../../std/clock.ts'
import { openLogKey } from '../log-key.ts'
import { openAuditLog } from '../open.ts'
import { intent, logOptions, temporaryHome } from '../testbed.test.ts'
import { uploadLog } from './upload.ts'

let server: PostgresServer
before(async () => {
  server = await PostgresServer.start()
})
after(() => server[Symbol.asyncDispose]())

/** A clock that stands in another half-year. */
function clockAt(iso: string): Clock {
  return { now: () => Date.parse(iso), monotonic: () => systemClock.monotonic() }
}

/** A home with a log of its own over three boots and two half-years. */
async function ownLog(t: TestContext): Promise<string> {
  const home = temporaryHome(t)
  for (const time of ['2026-05-01T00:00:00Z', '2026-06-30T23:59:59Z', '2026-07-01T00:00:00Z']) {
    const log = await openAuditLog({ ...logOptions(home, LOG_SIGNER), clock: clockAt(time) })
    await Promise.all(Array.from({ length: 700 }, (_, i) => log.append(intent(`${time} ${i}`))))
    await log.close()
  }
  return home
}

function move(home: string, url: string): Promise<number> {
  const { origin } = logOptions(home)
  const key = openLogKey(home, origin, LOG_SIGNER)
  return uploadLog({
    home,
    origin,
    vkey: key.vkey,
    spoolKey: key.spoolKey(),
    gateway: 'gw-test',
    url,
  })
}

test('a home’s log moves as it is: whoever comes later finds the same shards under the same roots', async (t) => {
  const database = await logDatabase(server)
  const home = await ownLog(t)
  const before = await verifiedHome(home)
  const moved = await move(home, database.url)
  assert.ok(moved > 2100)
  assert.equal(await move(home, database.url), 0)
  const one = await logGateway(t, 'gw-test', database, { home })
  const two = await logGateway(t, 'gw-2', database)
  await one.log.append(intent('after'))
  await one.log.flush()
  await two.log.flush()
  assert.deepEqual(
    two.log.shards.map(({ name }) => name),
    ['2026h1', '2026h2'],
  )
  assert.equal((await two.log.byCall('2026-05-01T00:00:00Z 3')).length, 2)
  await one.log.close()
  await two.log.flush()
  await two.log.close()
  assert.ok((await verifiedHome(home)).size > before.size)
  await verifiedHome(two.home)
})

test('a move that was interrupted goes on, and nothing of another log is taken for this one', async (t) => {
  const database = await logDatabase(server)
  const home = await ownLog(t)
  // The database loses its connections in the middle: what was swapped in is there, and the rest is not.
  const broken = move(home, database.url).catch((error: unknown) => {
    assert.match(String(error), /audit\.unavailable/)
    return 0
  })
  for (;;) {
    const [row] = await server.query(
      'select count(*)::int as n from audit.checkpoints',
      database.name,
    )
    if (Number(row?.['n']) > 0) break
  }
  await server.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${database.name}' and pid <> pg_backend_pid()`,
  )
  const first = await broken
  const rest = await move(home, database.url)
  assert.ok(first === 0 ? rest > 0 : rest === 0)
  const other = await ownLog(t)
  await assert.rejects(move(other, database.url), /another history/)
  const fresh = await logDatabase(server)
  await assert.rejects(logGateway(t, 'gw-test', fresh, { home }), /put it there with bailiwick/)
})
