// Holds gateways that run on their own, as processes: called like any other, stopped like any other, and of use to nobody without control.

import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Client } from '@modelcontextprotocol/client'
import type { Holder } from '../../src/cli/identity/holder.ts'
import { Gateway, GatewaysAnswer } from '../../src/wire/api/gateway.ts'
import { LockShown } from '../../src/wire/api/lock.ts'
import { Bailiwick, testServer } from './bailiwick.ts'
import { connect, modern, refused, send, textOf } from './client.ts'
import { Edge } from './edge.ts'
import { startJob, type Job } from './job.ts'
import { alive, until } from './until.ts'

const POLICIES = `
@id("workers") @without("task") permit (principal in Role::"worker", action in [Action::"probe/echo", Action::"probe/work"], resource);
@id("echo-is-looked-at") @gate("operator")
forbid (principal in Role::"worker", action == Action::"probe/echo", resource)
when { context.input.text like "hold*" };
`

let bailiwick: Bailiwick
let one: Edge
let two: Edge
let worker: Holder
let journal: string

before(async () => {
  bailiwick = await Bailiwick.start({}, undefined, true)
  journal = join(bailiwick.home, 'journal')
  const tap = join(bailiwick.home, 'tap')
  writeFileSync(journal, '')
  mkdirSync(tap)
  await bailiwick.pin('probe', testServer('fakes/sdk-upstream.ts', journal, tap))
  await bailiwick.apply(POLICIES)
  await bailiwick.agent('worker', ['worker'])
  worker = await bailiwick.enrol('worker')
  one = await Edge.start(bailiwick, 'one')
  two = await Edge.start(bailiwick, 'two', { systems: ['probe'] })
})

after(async () => {
  await one[Symbol.asyncDispose]()
  await two[Symbol.asyncDispose]()
  await bailiwick[Symbol.asyncDispose]()
})

async function work(at: Edge, name: string): Promise<Job> {
  return startJob(await connect(at, worker, 'probe', { era: '2025-11-25' }), name, journal)
}

function echo(client: Client, text: string): ReturnType<Client['callTool']> {
  return client.callTool({ name: 'echo', arguments: { text } })
}

for (const era of ['2025-11-25', '2026-07-28'] as const) {
  test(`a call by way of a gateway is decided and recorded by control, in ${era}`, async () => {
    const client = await connect(one, worker, 'probe', { era })
    const { tools } = await client.listTools()
    assert.deepEqual(
      tools.map(({ name }) => name).filter((name) => !name.startsWith('bailiwick')),
      ['echo', 'work'],
    )
    assert.equal(textOf(await echo(client, `hello ${era}`)), `hello ${era}`)
    assert.ok(readFileSync(journal, 'utf8').includes(`echo hello ${era}`))
    const denied = await refused(client.callTool({ name: 'weather', arguments: { city: 'Ulm' } }))
    assert.equal(denied.code, 'policy.denied')
    const intent = (await bailiwick.records('call.intent')).at(-1)
    assert.equal(intent?.record.body['through'], 'one')
    const outcome = (await bailiwick.records('call.outcome')).at(-1)
    assert.deepEqual([outcome?.record.body['status'], outcome?.record.ref], ['ok', intent?.leaf])
  })
}

test('control says which gateways there are, and how they are connected', async () => {
  const { gateways } = await bailiwick.control.get('/v1/gateways', GatewaysAnswer)
  const known = gateways.map(({ name, state, link }) => [name, state, link?.state])
  assert.deepEqual(known.slice(1), [
    ['one', 'active', 'connected'],
    ['two', 'active', 'connected'],
  ])
})

test('a held call waits by way of a gateway, and runs once when a person agrees', async () => {
  const client = await connect(two, worker, 'probe', { era: '2026-07-28' })
  const call = echo(client, 'hold this')
  const { id } = await bailiwick.held()
  const approved = await bailiwick.cli(['approval', 'approve', id, '--reason', 'fine', '--yes'])
  assert.equal(approved.code, 0, approved.stderr)
  assert.equal(textOf(await call), 'hold this')
  assert.equal(readFileSync(journal, 'utf8').split('echo hold this').length, 2)
})

test('INV-5 a lock cuts what runs at every gateway, and each says so, signed', async () => {
  const jobs = [await work(one, 'at-one'), await work(two, 'at-two')]
  const locked = await bailiwick.lock('agent', 'worker')
  for (const { end } of jobs) assert.equal((await end).code, 'call.cut')
  await until('the processes are gone', () => jobs.every(({ pid }) => !alive(pid)))
  const client = await connect(two, worker, 'probe', { era: '2026-07-28' }).catch(() => undefined)
  assert.equal(client, undefined, 'nobody who is locked is told anything')
  const shown = await until('both have confirmed', async () => {
    const lock = await bailiwick.control.get(`/v1/locks/${locked.id}`, LockShown)
    return lock.gateways.every(({ state }) => state === 'confirmed') ? lock : undefined
  })
  assert.deepEqual(
    shown.gateways.map(({ gateway, calls }) => [gateway, calls]),
    [
      ['one', 1],
      ['two', 1],
    ],
  )
  assert.ok(shown.gateways.every(({ processes }) => processes >= 1))
  await bailiwick.unlock(locked.id)
})

test('a gateway that is not assigned a system reaches it for nobody', async () => {
  const body = { systems: [], reason: 'it has no business there' }
  await bailiwick.control.send('POST', '/v1/gateways/two/change', body, Gateway)
  const answer = await send(two, worker, modern('tools/call', { name: 'echo', arguments: {} }))
  assert.equal(answer.code, 'resolve.unknown_system')
  const again = { systems: ['probe'], reason: 'it has again' }
  await bailiwick.control.send('POST', '/v1/gateways/two/change', again, Gateway)
  const client = await connect(two, worker, 'probe', { era: '2026-07-28' })
  assert.equal(textOf(await echo(client, 'back')), 'back')
})

test('control may be killed: what is under way goes on, what is new waits, and every call has one outcome', async () => {
  const client = await connect(one, worker, 'probe', { era: '2026-07-28' })
  const running = await work(one, 'goes-on')
  await bailiwick.stop('SIGKILL')
  const waiting = echo(client, 'in the meantime')
  const seen = running.progress()
  await bailiwick.serve()
  assert.equal(textOf(await waiting), 'in the meantime')
  await until('it goes on', () => running.progress() > seen)
  running.stop.abort()
  await running.end.catch(() => undefined)
  const late = await until('its end is told', async () => {
    const found = await bailiwick.records('call.late_outcome')
    return found.length > 0 ? found : undefined
  })
  assert.equal(late[0]?.record.body['gateway'], 'one')
  await everyCallHasOneOutcome()
})

/** Every intent is answered by exactly one outcome: `unknown` where control did not live to hear it. */
async function everyCallHasOneOutcome(): Promise<void> {
  const intents = (await bailiwick.records('call.intent')).map(({ leaf }) => leaf)
  const outcomes = (await bailiwick.records('call.outcome')).map(({ record }) => record.ref)
  assert.equal(outcomes.length, intents.length)
  assert.deepEqual(new Set(outcomes), new Set(intents))
}

test('a gateway that is ended lets its calls land, and comes back by itself', async () => {
  const client = await connect(two, worker, 'probe', { era: '2026-07-28' })
  assert.equal(textOf(await echo(client, 'before')), 'before')
  const ended = await two.stop()
  assert.equal(ended.code, 0, ended.stderr)
  await two.run()
  const again = await connect(two, worker, 'probe', { era: '2026-07-28' })
  assert.equal(textOf(await echo(again, 'after')), 'after')
})

test('INV-5 without control a gateway denies within its lease, and cuts what runs', async () => {
  const job = await work(one, 'until-the-lease')
  bailiwick.server.kill('SIGSTOP')
  const from = performance.now()
  try {
    const cut = await job.end
    assert.equal(cut.code, 'call.cut')
    assert.ok(performance.now() - from < 5_600, 'cut at the end of the lease')
    const answer = await send(one, worker, modern('tools/call', { name: 'echo', arguments: {} }))
    assert.equal(answer.code, 'admit.stale_view')
  } finally {
    bailiwick.server.kill('SIGCONT')
  }
  const client = await until('it is back', () =>
    connect(one, worker, 'probe', { era: '2026-07-28' }).catch(() => undefined),
  )
  assert.equal(textOf(await echo(client, 'again')), 'again')
})

test('a removed gateway is let in no more', async () => {
  const body = { reason: 'taken out of service' }
  await bailiwick.control.send('POST', '/v1/gateways/two/remove', body, Gateway)
  await until('it is away', async () => {
    const answer = await send(two, worker, modern('tools/call', { name: 'echo', arguments: {} }))
    return answer.code === 'admit.stale_view'
  })
})
