// Holds backup and restore end to end: a home that is lost comes back with everything that its backup, or its log, can prove.

import assert from 'node:assert/strict'
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Bailiwick, testServer } from './bailiwick.ts'
import { Child, MAIN, type Ended } from './child.ts'
import { legacy, send, type Answer } from './client.ts'

const POLICY = `@id("workers") @without("task") permit (principal in Role::"worker", action == Action::"probe/echo", resource);`

function echo(
  bailiwick: Bailiwick,
  holder: Awaited<ReturnType<Bailiwick['enrol']>>,
): Promise<Answer> {
  return send(bailiwick, holder, legacy('tools/call', { name: 'echo', arguments: { text: 'a' } }))
}

async function run(...args: string[]): Promise<Ended> {
  await using child = new Child([MAIN, ...args])
  return await child.ended
}

async function peopled(): Promise<Bailiwick> {
  const bailiwick = await Bailiwick.start()
  writeFileSync(join(bailiwick.home, 'journal'), '')
  await bailiwick.pin('probe', testServer('fakes/sdk-upstream.ts', join(bailiwick.home, 'journal')))
  await bailiwick.apply(POLICY)
  for (const name of ['worker-1', 'worker-2']) await bailiwick.agent(name, ['worker'])
  return bailiwick
}

test('INV-13 a home comes back from its backup: locked until somebody has looked, and in a tree that nobody has signed before', async () => {
  const scratch = mkdtempSync(join(tmpdir(), 'bailiwick-backups-'))
  const to = join(scratch, 'monday')
  await using lost = await peopled()
  const holder = await lost.enrol('worker-1')
  await lost.lock('agent', 'worker-2')
  // A backup of a home that works meanwhile.
  let calls = 0
  let over = false
  const working = (async () => {
    while (!over) {
      assert.equal((await echo(lost, holder)).code, undefined)
      calls += 1
    }
  })()
  const made = await lost.cli(['backup', to])
  over = true
  await working
  assert.equal(made.code, 0, made.stderr)
  assert.match(made.stdout, /records +\d+, verified/)
  assert.match((await lost.cli(['backup', to])).stderr, /backup\.target/)
  assert.match((await lost.cli(['backup', join(lost.home, 'in')])).stderr, /backup\.target/)
  assert.equal((await lost.records('backup.made')).length, 1)
  assert.ok(calls > 0)
  const doctor = JSON.parse((await lost.cli(['doctor', '-o', 'json'])).stdout) as {
    findings: { check: string; state: string }[]
  }
  const states = new Map(doctor.findings.map(({ check, state }) => [check, state]))
  assert.deepEqual(
    ['log', 'spool', 'glass', 'quota', 'gateways', 'clock', 'witness', 'search', 'backup'].map(
      (check) => states.get(check),
    ),
    ['ok', 'ok', 'ok', 'ok', 'ok', 'ok', 'warn', 'ok', 'ok'],
  )
  // What the backup does not know.
  await lost.lock('agent', 'worker-1')
  await lost.stop('SIGKILL')

  const home = join(scratch, 'home')
  const vkey = join(lost.home, 'log.vkey')
  const restored = await run(
    '--home',
    home,
    'restore',
    to,
    '--reason',
    'the disk died',
    '--vkey',
    vkey,
  )
  assert.equal(restored.code, 0, restored.stderr)
  assert.match(restored.stdout, /goes on in +\d{4}h[12]r[0-9a-f]{8}/)
  await using there = await Bailiwick.start({}, home)
  const [record] = await there.records('log.restored')
  assert.ok(record !== undefined, there.server.stderr)
  assert.equal(record.record.body['lost'], true)
  const again = await there.enrol('worker-1')
  assert.equal((await echo(there, again)).code, 'admit.locked')
  const verified = await there.verify()
  assert.equal(verified.ok, true, JSON.stringify(verified.findings))
  assert.equal(verified.shards.length, 2)
  // Whoever saw the log that was lost sees that this is not its continuation.
  const pins = verified.shards.map(({ size }) => size)
  assert.ok((pins[0] ?? 0) > 0)
  await there.unlock('integrity')
  assert.equal((await echo(there, again)).code, undefined)
  const second = await there.enrol('worker-2').catch((error: unknown) => error)
  assert.ok(
    second instanceof Error || (await echo(there, second as typeof again)).code === 'admit.locked',
  )
  const shard = join(scratch, 'shard')
  const [first] = verified.shards
  const exported = await there.cli(['audit', 'export', first?.name ?? '', shard])
  assert.equal(exported.code, 0, exported.stderr)
  const alone = await there.cli(['audit', 'verify', '--no-pin', '--from', shard, '--vkey', vkey])
  assert.equal(alone.code, 0, alone.stdout)
  assert.match(alone.stdout, new RegExp(`size +${first?.size}`))
  assert.equal((await there.records('log.exported')).length, 1)
  assert.match((await there.cli(['audit', 'export', '1999h1', shard])).stderr, /backup\.shard/)
  await there.stop()
  await there.serve()
  assert.equal((await echo(there, again)).code, undefined, 'the lock is lifted for good')
  assert.equal((await there.records('log.restored')).length, 1)
  rmSync(scratch, { recursive: true, force: true })
})

test('INV-13 with the log that survived nothing is forgotten, and a stopped home is backed up as well', async () => {
  const scratch = mkdtempSync(join(tmpdir(), 'bailiwick-backups-'))
  const to = join(scratch, 'monday')
  await using lost = await peopled()
  await lost.stop()
  const made = await run('--home', lost.home, 'backup', to)
  assert.equal(made.code, 0, made.stderr)
  await lost.serve()
  await lost.lock('agent', 'worker-1')
  await lost.stop('SIGKILL')
  const home = join(scratch, 'home')
  const args = ['restore', to, '--reason', 'the rows are gone', '--log', lost.home]
  const restored = await run('--home', home, ...args)
  assert.equal(restored.code, 0, restored.stderr)
  await using there = await Bailiwick.start({}, home)
  const holder = await there.enrol('worker-2')
  assert.equal((await echo(there, holder)).code, undefined)
  const locked = await there.enrol('worker-1').catch((error: unknown) => error)
  assert.ok(
    locked instanceof Error || (await echo(there, locked as typeof holder)).code === 'admit.locked',
  )
  const verified = await there.verify()
  assert.equal(verified.ok, true, JSON.stringify(verified.findings))
  assert.equal(verified.shards.length, 1)
  rmSync(scratch, { recursive: true, force: true })
})

test('INV-13 what is no whole and unchanged backup of this log is refused, and leaves nothing', async () => {
  const scratch = mkdtempSync(join(tmpdir(), 'bailiwick-backups-'))
  await using lost = await peopled()
  await lost.stop()
  const to = join(scratch, 'monday')
  assert.equal((await run('--home', lost.home, 'backup', to)).code, 0)
  await using other = await Bailiwick.start()
  await other.stop()
  const tries: readonly (readonly [string, (copy: string) => void, RegExp, string[]?])[] = [
    ['a byte', (copy) => flip(join(copy, 'home/bailiwick.db')), /backup\.changed/],
    ['a record', (copy) => flip(entriesOf(copy)), /backup\.changed/],
    ['a file less', (copy) => rmSync(join(copy, 'home/keys/log.pem')), /backup\.changed/],
    ['a file more', (copy) => writeFileSync(join(copy, 'home/sinks.yaml'), ''), /backup\.changed/],
    ['a manifest', (copy) => replace(join(copy, 'manifest.json')), /backup\.changed/],
    ['no manifest', (copy) => rmSync(join(copy, 'manifest.note')), /backup\.unreadable/],
    ['another log', () => undefined, /backup\.other/, ['--vkey', join(other.home, 'log.vkey')]],
    ['another home', () => undefined, /backup\.log/, ['--log', other.home]],
  ]
  for (const [name, spoil, expected, more = []] of tries) {
    const copy = join(scratch, name.replaceAll(' ', '-'))
    cpSync(to, copy, { recursive: true })
    spoil(copy)
    const home = join(scratch, 'home')
    const done = await run('--home', home, 'restore', copy, '--reason', 'a try', ...more)
    assert.notEqual(done.code, 0, name)
    assert.match(done.stderr, expected, name)
    assert.equal(existsSync(home), false, name)
  }
  const over = await run('--home', lost.home, 'restore', to, '--reason', 'a try')
  assert.match(over.stderr, /backup\.home/)
  rmSync(scratch, { recursive: true, force: true })
})

function flip(path: string): void {
  const bytes = readFileSync(path)
  bytes[bytes.length >> 1]! ^= 1
  writeFileSync(path, bytes)
}

function replace(path: string): void {
  writeFileSync(path, readFileSync(path, 'utf8').replace('"v":1', '"v": 1'))
}

function entriesOf(copy: string): string {
  const log = join(copy, 'home/log')
  const [shard = ''] = readdirSync(log)
  const folder = join(log, shard, 'tile/entries/000.p')
  return join(folder, readdirSync(folder).at(-1) ?? '')
}
