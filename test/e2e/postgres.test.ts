// Holds Bailiwick on PostgreSQL end to end: migrated, moved in, governed, restarted, taken over, and without its database.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { PostgresServer } from '../fakes/postgres.ts'
import { Bailiwick, testServer } from './bailiwick.ts'
import { Child, MAIN } from './child.ts'
import { legacy, send, type Answer } from './client.ts'
import { migrated } from './on-postgres.ts'
import { until } from './until.ts'

const POLICY = `@id("workers") @without("task") permit (principal in Role::"worker", action == Action::"probe/echo", resource);`

let server: PostgresServer
before(async () => {
  server = await PostgresServer.start({ durable: true })
})
// A test that stops the database may fail before it has started it again: the next is about something else.
beforeEach(async () => {
  if (!server.running) await server.run()
})
after(() => server[Symbol.asyncDispose]())

function home(): string {
  return mkdtempSync(join(tmpdir(), 'bailiwick-e2e-'))
}

function echo(
  bailiwick: Bailiwick,
  holder: Awaited<ReturnType<Bailiwick['enrol']>>,
): Promise<Answer> {
  return send(bailiwick, holder, legacy('tools/call', { name: 'echo', arguments: { text: 'a' } }))
}

/** A copy of a home, as an administrator makes one. */
function copyOf(folder: string): string {
  const copy = `${folder}-copy`
  execFileSync('cp', ['-a', folder, copy])
  rmSync(join(copy, 'home.lock'), { force: true })
  return copy
}

async function peopled(bailiwick: Bailiwick): Promise<void> {
  const journal = join(bailiwick.home, 'journal')
  writeFileSync(journal, '')
  await bailiwick.pin('probe', testServer('fakes/sdk-upstream.ts', journal))
  await bailiwick.apply(POLICY)
  await bailiwick.agent('worker-1', ['worker'])
}

test('what is granted and locked outlives restarts, and the database only answers 503 while it is away', async () => {
  const folder = home()
  const database = await server.database()
  await migrated(folder, database)
  await using bailiwick = await Bailiwick.start({ DATABASE_URL: database.url }, folder)
  await peopled(bailiwick)
  const holder = await bailiwick.enrol('worker-1')
  assert.equal((await echo(bailiwick, holder)).code, undefined)
  assert.equal(existsSync(join(folder, 'bailiwick.db')), false)

  await server.stop('immediate')
  // Calls need no row: identity, policy and locks are in memory, and the record is on this disk.
  assert.equal((await echo(bailiwick, holder)).code, undefined)
  await assert.rejects(bailiwick.agent('late', ['worker']), /database does not answer/)
  await server.run()
  await until('rows are written again', async () => {
    try {
      await bailiwick.agent('later', ['worker'])
      return true
    } catch {
      return undefined
    }
  })

  const lock = await bailiwick.lock('agent', 'worker-1')
  assert.equal((await echo(bailiwick, holder)).code, 'admit.locked')
  await bailiwick.stop('SIGKILL')
  await bailiwick.serve()
  assert.equal((await echo(bailiwick, holder)).code, 'admit.locked')
  await bailiwick.unlock(lock.id)
  assert.equal((await echo(bailiwick, holder)).code, undefined)
  assert.equal((await bailiwick.verify()).ok, true)
})

test('a home moves in: what was granted and locked is as it was, and the old rows are not opened again', async () => {
  const folder = home()
  const database = await server.database()
  await using bailiwick = await Bailiwick.start({ DATABASE_URL: '' }, folder)
  await peopled(bailiwick)
  await bailiwick.lock('system', 'probe')
  const running = new Child([MAIN, '--home', folder, 'migrate', '--move'], {
    DATABASE_URL: database.url,
    BAILIWICK_OWNER_DATABASE_URL: database.ownerUrl,
  })
  assert.match((await running.ended).stderr, /is in use by process/)
  await bailiwick.stop()
  assert.match(await migrated(folder, database, '--move'), /rows moved +\d+\s.*records moved +\d+/s)
  await assert.rejects(bailiwick.serve(), /have moved to PostgreSQL/)
  const moved = copyOf(folder)
  await using there = await Bailiwick.start({ DATABASE_URL: database.url }, moved)
  const holder = await there.enrol('worker-1')
  assert.equal((await echo(there, holder)).code, 'admit.locked')
  assert.equal((await there.records('store.moved')).length, 1)
  assert.equal((await there.verify()).ok, true)
  assert.equal(
    (await there.status()).warnings.some((one) => one.includes('roll')),
    false,
  )
})

test('a standby waits, and has the database within a moment of the other’s death', async () => {
  const folder = home()
  const database = await server.database()
  await migrated(folder, database)
  await using first = await Bailiwick.start({ DATABASE_URL: database.url }, folder)
  await peopled(first)
  // The same keys and facts on another machine, which has nothing else: the log comes from the database.
  const second = `${folder}-second`
  mkdirSync(second, { mode: 0o700 })
  for (const name of ['keys', 'home.json']) execFileSync('cp', ['-a', join(folder, name), second])
  const environment = { DATABASE_URL: database.url, BAILIWICK_GATEWAY_NAME: 'gateway-2' }
  const ports = ['--control-port', '0', '--identity-port', '0', '--gateway-port', '0']
  const args = [MAIN, 'serve', '--home', second, '-o', 'json', ...ports]
  const refused = await new Child(args, environment).ended
  assert.match(refused.stderr, /in use by gateway-1 on .*, process \d+/)
  await using left = new Child([...args, '--standby'], environment)
  await until('it stands by', () => left.stderr.includes('standing by'))
  left.kill('SIGTERM')
  assert.equal((await left.ended).code, 0, 'who only waits ends when it is asked to')
  const empty = `${folder}-empty`
  mkdirSync(empty, { mode: 0o700 })
  const elsewhere = args.map((word) => (word === second ? empty : word))
  await using keyless = new Child([...elsewhere, '--standby'], environment)
  await until('it stands by', () => keyless.stderr.includes('standing by'))
  await using standby = new Child([...args, '--standby'], environment)
  await until('it stands by', () => standby.stderr.includes('standing by'))
  await first.stop('SIGKILL')
  await until('it is ready', () => {
    if (keyless.gone) assert.match(keyless.stderr, /server\.standby/)
    if (standby.gone) throw new Error(`the standby ended: ${standby.stderr}`)
    return standby.stdout.includes('"ready"')
  })
  standby.kill('SIGTERM')
  const { code } = await standby.ended
  assert.equal(code, 0)
  const { stderr } = await keyless.ended
  assert.match(stderr, /server\.standby/, 'keys of its own would be those of another Bailiwick')
  for (const made of [second, empty]) rmSync(made, { recursive: true, force: true })
})
