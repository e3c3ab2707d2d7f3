// Holds the test of retention in a whole Bailiwick: a shard goes when its time has come, and the log stays whole for a stranger.

import assert from 'node:assert/strict'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { verifyLog } from '../../src/audit/verify.ts'
import type { VerifyReport } from '../../src/audit/verify-report.ts'
import { parseSearch } from '../../src/audit/search/query.ts'
import { settings } from '../../src/server/settings.ts'
import { startBailiwick, type Running } from '../../src/server/start.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { FakeClock } from '../fakes/clock.ts'
import { FakeTimer } from '../fakes/identity.ts'
import { PostgresServer } from '../fakes/postgres.ts'
import { Child, MAIN } from './child.ts'
import { migrated } from './on-postgres.ts'

const at = (text: string): number => Date.parse(`${text}T00:00:00Z`)

interface World {
  readonly home: string
  readonly exports: string
  readonly clock: FakeClock
  readonly start: () => Promise<Running>
  readonly report: () => Promise<VerifyReport>
}

function world(t: TestContext, environment: Readonly<Record<string, string>> = {}): World {
  const folder = mkdtempSync(join(tmpdir(), 'bailiwick-retention-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const home = join(folder, 'home')
  const exports = join(folder, 'exports')
  mkdirSync(exports)
  const clock = new FakeClock(at('2026-12-30'))
  const ports = { controlPort: 0, identityPort: 0, gatewayPort: 0 }
  const logFile = join(folder, 'operator.log')
  const given = settings(
    { home, logFile, ...ports },
    {
      BAILIWICK_WORKLOAD_SOCKET: 'off',
      ...environment,
    },
  )
  return {
    home,
    exports,
    clock,
    start: () => startBailiwick(given, { clock, timer: new FakeTimer(), entropy: systemEntropy }),
    report: () =>
      verifyLog({
        directory: join(home, 'log'),
        vkey: readFileSync(join(home, 'log.vkey'), 'utf8'),
      }),
  }
}

/** Locks something that is not there and lifts it again, for a reason. */
async function lockOnce({ core }: Running, name: string): Promise<void> {
  const [person] = core.authority.people.list()
  const by = { person: person!.id, reason: `the reason of ${name}` }
  const agent = { name, owner: by.person, purpose: 'is tested', roles: [], unattended: true }
  await core.authority.agents.register(agent, { person: by.person })
  const lock = await core.authority.locks.add({ target: { kind: 'agent', name }, ...by })
  await core.authority.locks.remove(lock.id, by)
}

test('INV-7 INV-13 a shard goes when its time has come, exported and on record, and rows of before are not trusted', async (t) => {
  const { home, exports, clock, start, report } = world(t)
  const first = await start()
  await lockOnce(first, 'early')
  const locked = (await first.core.audit.tail({ type: 'lock.added', limit: 1 }))[0]
  assert.ok(locked !== undefined)
  await first.close()
  copyFileSync(join(home, 'bailiwick.db'), join(exports, '..', 'old.db'))

  // Half a year on: it is over, and held.
  clock.advance(at('2027-03-01') - clock.now())
  const hold = 'holds: [{ shard: 2026h2, because: a case is open }]\n'
  writeFileSync(join(home, 'retention.yaml'), `keep: 6 months\nexport: ${exports}\n`)
  const second = await start()
  await lockOnce(second, 'late')
  await second.core.retention.look()
  const kept = second.core.retention.state()
  assert.deepEqual(
    kept.shards.map(({ shard, state }) => [shard, state]),
    [
      ['2026h2', 'kept'],
      ['2027h1', 'grows'],
    ],
  )
  await second.close()

  clock.advance(at('2027-08-01') - clock.now())
  writeFileSync(join(home, 'retention.yaml'), `keep: 6 months\n${hold}`)
  const third = await start()
  await third.core.retention.look()
  const [held] = third.core.retention.state().shards
  assert.deepEqual([held?.state, held?.why], ['held', 'a case is open'])
  assert.equal((await third.core.audit.get(locked.leaf))?.index, locked.index)
  await third.close()

  writeFileSync(join(home, 'retention.yaml'), `keep: 6 months\nexport: ${exports}\n`)
  const fourth = await start()
  const { audit, authority, retention, search } = fourth.core
  const reason = locked.record.body['reason'] as { commitment: string }
  assert.equal((await authority.confider.words([reason.commitment])).size, 1)
  await retention.look()
  const { shards, problem } = retention.state()
  assert.equal(problem, undefined)
  assert.deepEqual(
    shards.map(({ shard, state }) => [shard, state]),
    [
      ['2026h2', 'dropped'],
      ['2027h1', 'kept'],
      ['2027h2', 'grows'],
    ],
  )
  const [said] = await audit.tail({ type: 'log.shard_dropped', limit: 5 })
  assert.equal(said?.record.body['shard'], '2026h2')
  assert.equal(said.record.body['exported'], true)
  assert.equal(await audit.get(locked.leaf), undefined)
  assert.equal((await authority.confider.words([reason.commitment])).size, 0, 'words went with it')
  const query = parseSearch('type:lock.added', clock.now())
  const found = await search.page({ query, limit: 50, order: 'oldest' })
  assert.equal(found.indices.length, 1)
  assert.deepEqual(readdirSync(join(home, 'log', '2026h2')).toSorted(), ['checkpoint'])
  // A second look finds nothing to do.
  await retention.look()
  assert.equal((await audit.tail({ type: 'log.shard_dropped', limit: 5 })).length, 1)
  await fourth.close()

  const whole = await report()
  assert.deepEqual(whole.findings, [])
  assert.equal(whole.shards[0]?.dropped, true)
  const copy = join(exports, '2026h2')
  const exported = await verifyLog({
    directory: copy,
    vkey: readFileSync(join(copy, 'log.vkey'), 'utf8'),
  })
  assert.deepEqual([exported.ok, exported.root], [true, whole.shards[0]?.root])

  // It starts again, and is whole.
  const fifth = await start()
  assert.deepEqual(fifth.core.authority.locks.list(), [])
  await fifth.close()
  // Rows of before the drop: what the shard said of them is gone, so a person has to look.
  for (const end of ['', '-wal', '-shm']) rmSync(join(home, `bailiwick.db${end}`), { force: true })
  copyFileSync(join(exports, '..', 'old.db'), join(home, 'bailiwick.db'))
  const sixth = await start()
  const locks = sixth.core.authority.locks.list()
  assert.ok(locks.some(({ id }) => id === 'integrity'))
  await sixth.core.authority.locks.remove('integrity', {
    person: sixth.core.authority.people.list()[0]!.id,
    reason: 'looked at',
  })
  await sixth.close()
  const seventh = await start()
  assert.deepEqual(seventh.core.authority.locks.list(), [])
  await seventh.close()
})

test('INV-7 a shard that deviates is evidence: it stays, and the state says why', async (t) => {
  const { home, clock, start, report } = world(t)
  await (await start()).close()
  clock.advance(at('2027-08-01') - clock.now())
  const bundle = join(home, 'log', '2026h2', 'tile', 'entries', '000.p')
  const width = readdirSync(bundle).toSorted((a, b) => Number(b) - Number(a))[0] ?? ''
  const path = join(bundle, width)
  const text = readFileSync(path, 'latin1')
  assert.ok(text.includes('"torn_bytes":0'))
  writeFileSync(path, text.replace('"torn_bytes":0', '"torn_bytes":7'), 'latin1')
  writeFileSync(join(home, 'retention.yaml'), 'keep: 6 months\n')
  const running = await start()
  await running.core.retention.look()
  const { problem, shards } = running.core.retention.state()
  assert.match(problem ?? '', /^2026h2: it does not verify: /)
  assert.equal(shards[0]?.state, 'due')
  assert.ok(existsSync(path))
  await running.close()

  // Whoever removes it by hand, or has us find it gone, has no record to show for it.
  renameSync(join(home, 'log', '2026h2', 'tile'), join(home, 'elsewhere'))
  const { findings } = await report()
  assert.ok(
    findings.some(
      ({ code, place, detail }) =>
        code === 'audit.verify_shard' &&
        place === '2026h2/tile' &&
        /no record says why/.test(detail),
    ),
  )
})

test('INV-7 on PostgreSQL a shard goes from the home by itself, and from the database when its owner says so', async (t) => {
  await using server = await PostgresServer.start()
  const database = await server.database()
  const given = world(t, { DATABASE_URL: database.url })
  const { home, clock } = given
  await migrated(home, database)
  const first = await given.start()
  await lockOnce(first, 'early')
  await first.close()
  clock.advance(at('2027-08-01') - clock.now())
  writeFileSync(join(home, 'retention.yaml'), 'keep: 6 months\n')
  const second = await given.start()
  const { retention } = second.core
  await retention.look()
  const gone = retention.state()
  assert.deepEqual([gone.shards[0]?.state, gone.inDatabase], ['dropped', ['2026h2']])
  const owned = { BAILIWICK_OWNER_DATABASE_URL: database.ownerUrl }
  const args = [MAIN, '--home', home, 'audit', 'retention', '--in-database', '-o', 'json']
  const refused = await new Child(args, {}).ended
  assert.match(refused.stderr, /BAILIWICK_OWNER_DATABASE_URL is not set/)
  const notOwner = { BAILIWICK_OWNER_DATABASE_URL: database.url }
  assert.match((await new Child(args, notOwner).ended).stderr, /is not allowed/)
  // While the server runs.
  const { code, stdout, stderr } = await new Child(args, owned).ended
  assert.equal(code, 0, stderr)
  const { removed } = JSON.parse(stdout) as { removed: { shard: string; records: number }[] }
  assert.deepEqual(removed, [{ shard: '2026h2', records: gone.shards[0]?.records }])
  await retention.look()
  assert.deepEqual([retention.state().inDatabase, retention.state().problem], [[], undefined])
  await lockOnce(second, 'late')
  await second.close()
  const third = await given.start()
  assert.deepEqual(third.core.authority.locks.list(), [])
  await third.close()
  const { findings, shards } = await given.report()
  assert.deepEqual([findings, shards[0]?.dropped], [[], true])
})
