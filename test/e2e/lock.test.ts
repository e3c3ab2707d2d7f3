// Holds cutting off end to end: locks and revocations in the middle of a call, and everybody else undisturbed.

import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Client } from '@modelcontextprotocol/client'
import type { Holder } from '../../src/cli/identity/holder.ts'
import { AuditEntry } from '../../src/wire/api/audit.ts'
import type { LockReceipt, LockShown } from '../../src/wire/api/lock.ts'
import { Bailiwick, testServer } from './bailiwick.ts'
import { connect, legacy, refused, send, textOf } from './client.ts'
import { startJob, type Job } from './job.ts'
import { alive, until } from './until.ts'

const POLICIES = `
@id("workers") @without("task") permit (principal in Role::"worker", action in [Action::"probe/echo", Action::"probe/work"], resource);
@id("echo-is-looked-at") @gate("operator")
forbid (principal in Role::"worker", action == Action::"probe/echo", resource)
when { context.input.text like "hold*" };
`

let bailiwick: Bailiwick
let journal: string
let tap: string
let worker: Holder
let other: Holder
let workerClient: Client
let otherClient: Client

before(async () => {
  bailiwick = await Bailiwick.start()
  journal = join(bailiwick.home, 'journal')
  tap = join(bailiwick.home, 'tap')
  writeFileSync(journal, '')
  mkdirSync(tap)
  await bailiwick.pin('probe', testServer('fakes/sdk-upstream.ts', journal, tap))
  await bailiwick.apply(POLICIES)
  await bailiwick.agent('worker', ['worker'])
  await bailiwick.agent('other', ['worker'])
  worker = await bailiwick.enrol('worker')
  other = await bailiwick.enrol('other')
  workerClient = await connect(bailiwick, worker, 'probe', { era: '2025-11-25' })
  otherClient = await connect(bailiwick, other, 'probe', { era: '2026-07-28' })
})

after(() => bailiwick[Symbol.asyncDispose]())

function work(client: Client, name: string): Promise<Job> {
  return startJob(client, name, journal)
}

function echo(client: Client, text: string): ReturnType<Client['callTool']> {
  return client.callTool({ name: 'echo', arguments: { text } })
}

test('INV-5 a lock cuts a running call, tells the upstream, ends its process, and disturbs nobody else', async () => {
  const mine = await work(workerClient, 'to-be-cut')
  const theirs = await work(otherClient, 'goes-on')
  const words = ['lock', 'add', 'agent', 'worker', '--reason', 'it went astray', '-o', 'json']
  const locked = await bailiwick.cli(words)
  assert.equal(locked.code, 0, locked.stderr)
  const lock = JSON.parse(locked.stdout) as {
    id: string
    receipt: LockReceipt
  }
  const { calls, processes, approvals, instances, outside, leaf } = lock.receipt
  assert.deepEqual([calls, processes, approvals], [1, 1, 0])
  assert.ok(instances >= 1)
  assert.deepEqual(
    outside.map(({ what }) => what),
    ['x509-svid', 'jwt-svid', 'access-token'],
  )
  const shown = await bailiwick.cli(['lock', 'show', lock.id, '-o', 'json'])
  assert.deepEqual((JSON.parse(shown.stdout) as LockShown).receipts, [lock.receipt])
  const proven = await bailiwick.control.get(`/v1/audit/records/${leaf}`, AuditEntry)
  assert.equal(proven.record.type, 'lock.enforced')
  const refusal = await mine.end
  assert.deepEqual([refusal.rpc, refusal.code], [-32010, 'call.cut'])
  assert.match(refusal.message, /agent worker is locked: it went astray/)
  await until('the process is gone', () => !alive(mine.pid))
  const seen = theirs.progress()
  const denied = await refused(echo(workerClient, 'once more'))
  assert.deepEqual([denied.rpc, denied.code], [-32010, 'admit.locked'])
  const listed = await send(bailiwick, worker, legacy('tools/list'))
  assert.equal(listed.code, 'admit.locked', 'nobody who is locked is told anything')
  await until('the other agent’s progress', () => theirs.progress() > seen + 3)
  assert.equal(alive(theirs.pid), true)
  assert.equal(textOf(await echo(otherClient, 'all is well')), 'all is well')
  const outcomes = await bailiwick.records('call.outcome')
  const cut = outcomes.find((entry) => entry.record.body['status'] === 'cut')
  assert.deepEqual([cut?.record.agent, cut?.record.action], ['worker', 'work'])
  await lifted(lock.id)
  theirs.stop.abort()
  await assert.rejects(theirs.end)
})

/** A lock stays until somebody lifts it who says why; then the agent works again, with a process of its own. */
async function lifted(id: string): Promise<void> {
  for (const words of [
    ['lock', 'rm', id, '--no-input'],
    ['lock', 'rm', id, '--reason', ''],
    ['lock', 'rm', id, '--reason', '   '],
  ]) {
    const refusal = await bailiwick.cli(words)
    assert.notEqual(refusal.code, 0, words.join(' '))
    assert.equal((await refused(echo(workerClient, 'still'))).code, 'admit.locked')
  }
  const done = await bailiwick.cli(['lock', 'rm', id, '--reason', 'looked into'])
  assert.equal(done.code, 0, done.stderr)
  assert.equal(textOf(await echo(workerClient, 'back again')), 'back again')
  const [record] = (await bailiwick.records('lock.removed')).slice(-1)
  assert.equal(record?.record.body['reason'], 'looked into')
  assert.equal(record.person_name, bailiwick.control.operator.name)
}

test('the upstream of a call that is cut gets `notifications/cancelled` before it is killed', async () => {
  const mine = await work(workerClient, 'told')
  const { id } = await bailiwick.lock('agent', 'worker')
  assert.equal((await mine.end).code, 'call.cut')
  const lines = (): { method?: string; params?: { requestId?: number }; id?: number }[] =>
    readFileSync(join(tap, String(mine.pid)), 'utf8')
      .split('\n')
      // The last piece is a line that is still being written, or none.
      .slice(0, -1)
      .map((line) => JSON.parse(line) as object)
  const cancelled = await until('the cancellation', () =>
    lines().find((line) => line.method === 'notifications/cancelled'),
  )
  const call = lines().findLast((line) => line.method === 'tools/call')
  assert.equal(cancelled.params?.requestId, call?.id)
  await bailiwick.unlock(id)
})

test('INV-5 a lock on whatever a call touches denies the next one', async () => {
  const { name: person } = bailiwick.control.operator
  for (const [kind, name] of [
    ['instance', worker.identity.instance],
    ['agent', 'worker'],
    ['person', person],
    ['system', 'probe'],
    ['action', 'probe/echo'],
    ['everything', ''],
  ] as const) {
    const { id } = await bailiwick.lock(kind, name)
    const denied = await refused(echo(workerClient, 'locked?'))
    assert.equal(denied.code, 'admit.locked', kind)
    if (kind === 'agent' || kind === 'instance') {
      assert.equal(textOf(await echo(otherClient, 'not me')), 'not me')
    }
    await bailiwick.unlock(id)
    assert.equal(textOf(await echo(workerClient, 'free')), 'free', kind)
  }
})

test('INV-5 a lock on a credential cuts what goes out with it, and nothing else', async () => {
  await bailiwick.pin('keyed', testServer('fakes/sdk-upstream.ts', journal, tap), {
    secrets: { API_KEY: 'a value' },
  })
  await bailiwick.apply(
    POLICIES + POLICIES.replaceAll('probe/', 'keyed/').replaceAll('@id("', '@id("keyed-'),
  )
  const keyed = await connect(bailiwick, worker, 'keyed', { era: '2025-11-25' })
  const mine = await work(keyed, 'with-the-key')
  const theirs = await work(otherClient, 'without')
  const words = [
    'lock',
    'add',
    'credential',
    'keyed/API_KEY',
    '--reason',
    'it leaked',
    '-o',
    'json',
  ]
  const locked = await bailiwick.cli(words)
  assert.equal(locked.code, 0, locked.stderr)
  const { id, receipt } = JSON.parse(locked.stdout) as { id: string; receipt: LockReceipt }
  assert.deepEqual([receipt.calls, receipt.processes, receipt.instances], [1, 1, 0])
  const value = { system: 'keyed', credential: 'API_KEY', outcome: 'unsupported', until: null }
  assert.deepEqual(receipt.upstream, [value])
  assert.equal((await mine.end).code, 'call.cut')
  await until('the process is gone', () => !alive(mine.pid))
  assert.equal((await refused(echo(keyed, 'once more'))).code, 'admit.locked')
  const seen = theirs.progress()
  await until('the other call’s progress', () => theirs.progress() > seen + 1)
  assert.equal(textOf(await echo(workerClient, 'elsewhere')), 'elsewhere')
  const none = await bailiwick.cli(['lock', 'add', 'credential', 'keyed/OTHER', '--reason', 'x'])
  assert.match(none.stderr, /lock\.target/)
  await bailiwick.unlock(id)
  assert.equal(textOf(await echo(keyed, 'again')), 'again')
  theirs.stop.abort()
  await assert.rejects(theirs.end)
})

test('INV-5 a lock ends a wait, and what was asked for is no longer there', async () => {
  const call = refused(echo(workerClient, 'hold and lock'))
  const held = await bailiwick.held()
  const { id } = await bailiwick.lock('agent', 'worker')
  const refusal = await call
  assert.deepEqual([refusal.rpc, refusal.code], [-32010, 'call.cut'])
  assert.deepEqual(await bailiwick.pending(), [])
  const late = await bailiwick.cli(['approval', 'approve', held.id, '--reason', 'late'])
  assert.notEqual(late.code, 0)
  await bailiwick.unlock(id)
  const again = refused(echo(workerClient, 'hold and lock'))
  const asked = await bailiwick.held()
  assert.notEqual(asked.id, held.id)
  await bailiwick.cli(['approval', 'deny', asked.id, '--reason', 'enough'])
  assert.equal((await again).code, 'approval.denied')
  assert.ok(!readFileSync(journal, 'utf8').includes('hold and lock'))
})

test('INV-5 revoking an instance ends its held call and its running one, and its certificate opens nothing', async () => {
  const doomed = await bailiwick.enrol('worker')
  const client = await connect(bailiwick, doomed, 'probe', { era: '2025-11-25' })
  const running = await work(client, 'of-the-revoked')
  const waiting = refused(echo(client, 'hold and revoke'))
  const held = await bailiwick.held()
  const { instance } = doomed.identity
  const revoked = await bailiwick.cli(['instance', 'revoke', instance, '--reason', 'stolen'])
  assert.equal(revoked.code, 0, revoked.stderr)
  assert.equal((await waiting).code, 'authenticate.unknown_certificate')
  assert.equal((await running.end).code, 'authenticate.unknown_certificate')
  await until('the process is gone', () => !alive(running.pid))
  await until('the approval is void', async () => (await bailiwick.pending()).length === 0)
  const late = await bailiwick.cli(['approval', 'approve', held.id, '--reason', 'late'])
  assert.notEqual(late.code, 0)
  const next = await send(bailiwick, doomed, legacy('tools/list'))
  assert.deepEqual([next.status, next.code], [401, 'authenticate.unknown_certificate'])
  await assert.rejects(doomed.renew(), { status: 401 })
  assert.equal(textOf(await echo(workerClient, 'its twin goes on')), 'its twin goes on')
})

test('what was cut is one log that verifies', async () => {
  const report = await bailiwick.verify()
  assert.equal(report.ok, true, JSON.stringify(report.findings))
})
