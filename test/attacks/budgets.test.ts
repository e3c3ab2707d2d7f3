// Holds attacks on what calls use up: no budget, limit or label is escaped by racing, restarting, renaming or lying.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseJson, REQUEST_LIMITS, type JsonObject } from '../../src/std/json.ts'
import { CallControl, CallEnd } from '../../src/gateway/call.ts'
import type { ActionDefinition } from '../../src/wire/system.ts'
import { BudgetBench, fate } from '../fakes/budgets.ts'

const MONEY: Partial<ActionDefinition> = {
  effects: ['spend'],
  measures: { money: '/value/amount', recipients: ['/value/to', '/value/cc'] },
}

function input(text: string): JsonObject {
  return parseJson(Buffer.from(`{"value":${text}}`), REQUEST_LIMITS) as JsonObject
}

/** How many of each fate there were. */
async function fates(calls: readonly Promise<Parameters<typeof fate>[0]>[]) {
  const counts: Record<string, number> = {}
  for (const one of await Promise.all(calls)) counts[fate(one)] = (counts[fate(one)] ?? 0) + 1
  return counts
}

test('INV-11 a burst of 200 calls over a budget of 10 executes exactly 10', async () => {
  await using bench = await BudgetBench.open()
  const task = await bench.task({ calls: 10 })
  bench.authority.history.breakers.set({ denials: 0, errors: 0, identical: 0 })
  for (const certificate of ['cert-a', 'cert-b']) bench.be({ task }, certificate)
  const calls = Array.from({ length: 200 }, (_, at) =>
    bench.call('echo', { text: String(at) }, { as: at % 2 === 0 ? 'cert-a' : 'cert-b' }),
  )
  assert.deepEqual(await fates(calls), { result: 10, 'reserve.budget_spent': 190 })
  const types = bench.home.audit.types()
  assert.equal(types.filter((type) => type === 'call.intent').length, 10)
  assert.equal(bench.authority.history.usedBy(task.id)?.calls, 10)
})

test('INV-11 enrolling again, another instance, a sub-agent and another delegation share one lineage', async () => {
  await using bench = await BudgetBench.open()
  await bench.authority.limits.add(
    { on: {}, each: 'agent', what: 'calls', most: 4, per: 'day' },
    { person: bench.ada, reason: 'a test' },
  )
  bench.label('echo', { labels: ['secret'] })
  const said = { text: 'x' }
  assert.equal(fate(await bench.call('echo', said)), 'result')
  bench.be({ instance: 'enrolled-again' }, 'cert-b')
  assert.equal(fate(await bench.call('echo', said, { as: 'cert-b' })), 'result')
  const delegation = { id: 'del_2', person: bench.ada, personRoles: [] }
  bench.be({ delegation }, 'cert-c')
  assert.equal(fate(await bench.call('echo', said, { as: 'cert-c' })), 'result')
  const head = { delegation: 'del_1', instance: 'i', agent: 'bot', roles: [], owner: bench.ada }
  const sub = bench.be({ agent: 'helper', delegation, chain: [head] }, 'cert-d')
  assert.equal(fate(await bench.call('echo', said, { as: 'cert-d' })), 'result')
  const facts = bench.authority.history.facts(sub, 'fake', 'echo')
  assert.deepEqual(facts.calls, { minute: 4, hour: 4, day: 4 })
  assert.deepEqual(facts.same, { minute: 4, hour: 4, day: 4 })
  assert.deepEqual(facts.labels, ['secret'])
  for (const as of ['cert-a', 'cert-b', 'cert-c', 'cert-d']) {
    assert.equal(fate(await bench.call('echo', said, { as })), 'reserve.rate_limited')
  }
  // The helper on its own account, for the same person, is another lineage: it begins at nothing.
  const own = bench.be({ agent: 'helper' }, 'cert-e')
  assert.deepEqual(bench.authority.history.facts(own, 'fake', 'echo').labels, [])
})

test('INV-11 a crash between intent and outcome loses nothing of what was reserved', async () => {
  await using bench = await BudgetBench.open()
  const task = await bench.task({ calls: 3, money: 1_000 })
  bench.be({ task })
  bench.label('args', MONEY)
  assert.equal(fate(await bench.call('args', input('{"amount":600}'))), 'result')
  const before = bench.authority.history.facts(bench.be({ task }), 'fake', 'args')
  // The upstream never answers this one: it is under way when everything ends.
  bench.label('hang', {
    ...MONEY,
    measures: { money: '/amount' },
    inputSchema: { type: 'object', additionalProperties: true },
    digest: 'sha256:other',
  })
  const control = new CallControl()
  const hanging = bench.call('hang', { amount: 300 }, { control })
  await until(() => bench.home.audit.types().filter((type) => type === 'call.intent').length === 2)
  await bench.crash()
  control.end(new CallEnd('call.cancelled', 'over'))
  await hanging
  assert.deepEqual(
    { ...bench.authority.history.usedBy(task.id) },
    { calls: 2, writes: 2, money: 900, bytes: 38, firstAt: bench.home.clock.now() },
  )
  const after = bench.authority.history.facts(bench.be({ task }), 'fake', 'args')
  assert.deepEqual([before.money.day, after.money.day], [600, 900])
  assert.equal(fate(await bench.call('args', input('{"amount":101}'))), 'reserve.budget_spent')
  assert.equal(fate(await bench.call('args', input('{"amount":100}'))), 'result')
  assert.equal(fate(await bench.call('args', input('{"amount":0}'))), 'reserve.budget_spent')
})

test('INV-11 a clock that goes back gives nothing back', async () => {
  await using bench = await BudgetBench.open()
  const word = { person: bench.ada, reason: 'a test' }
  await bench.authority.limits.add({ on: {}, what: 'calls', most: 2, per: 'minute' }, word)
  const said = { text: 'x' }
  const { clock } = bench.home
  await bench.call('echo', said)
  clock.setWall(clock.now() - 3_600_000)
  await bench.call('echo', said)
  assert.equal(fate(await bench.call('echo', said)), 'reserve.rate_limited')
  clock.setWall(clock.now() + 3_600_000)
  assert.equal(fate(await bench.call('echo', said)), 'reserve.rate_limited')
  clock.advance(62_000)
  assert.equal(fate(await bench.call('echo', said)), 'result')
})

test('INV-11 a call that is cancelled or refused by its upstream stays used up', async () => {
  await using bench = await BudgetBench.open()
  const task = await bench.task({ calls: 3 })
  bench.be({ task })
  const control = new CallControl()
  const hanging = bench.call('hang', {}, { control })
  await until(() => bench.home.audit.types().includes('call.intent'))
  control.end(new CallEnd('call.cancelled', 'over'))
  assert.equal(fate(await hanging), 'call.cancelled')
  assert.equal(fate(await bench.call('refuse')), 'error')
  const early = new CallControl()
  early.end(new CallEnd('call.cancelled', 'before it went out'))
  assert.equal(fate(await bench.call('echo', { text: 'x' }, { control: early })), 'call.cancelled')
  assert.equal(bench.authority.history.usedBy(task.id)?.calls, 3)
  assert.equal(fate(await bench.call('echo', { text: 'x' })), 'reserve.budget_spent')
})

test('INV-1 what could not be recorded is given back, and nothing ran', async () => {
  await using bench = await BudgetBench.open()
  const task = await bench.task({ calls: 1, money: 10 })
  bench.be({ task })
  bench.label('args', MONEY)
  bench.home.audit.fail()
  assert.equal(fate(await bench.call('args', input('{"amount":10}'))), 'audit.unavailable')
  bench.home.audit.recover()
  const { calls, money } = bench.authority.history.usedBy(task.id)!
  assert.deepEqual([calls, money], [0, 0])
  assert.equal(fate(await bench.call('args', input('{"amount":10}'))), 'result')
})

test('a held call uses nothing up until it goes on, and nobody is asked about one whose limit is spent', async () => {
  await using bench = await BudgetBench.open()
  const task = await bench.task({ calls: 2 })
  bench.be({ task })
  bench.fake.answers = { args: 'hold' }
  const held = bench.call('args', { value: 1 })
  const other = bench.call('args', { value: 2 })
  await until(() => bench.fake.approvals.asked.length === 2)
  assert.equal(bench.authority.history.usedBy(task.id)?.calls ?? 0, 0)
  assert.equal(fate(await bench.call('echo', { text: 'x' })), 'result')
  bench.fake.approvals.set('approval-1', 'approved')
  assert.equal(fate(await held), 'result')
  bench.fake.approvals.set('approval-2', 'approved')
  assert.equal(fate(await other), 'reserve.budget_spent')
  // Its approval was not used up for nothing.
  assert.equal(bench.fake.approvals.state('approval-2'), 'approved')
  assert.equal(fate(await bench.call('args', { value: 3 })), 'reserve.budget_spent')
  assert.equal(bench.fake.approvals.asked.length, 2)
})

test('money is whole, known and exact, or the call is refused', async () => {
  await using bench = await BudgetBench.open()
  bench.label('args', MONEY)
  for (const amount of ['-1', '1.5', '1.0', '1e2', '"5"', 'null', 'true', '[1]', '{}', '-0']) {
    const at = await bench.call('args', input(`{"amount":${amount}}`))
    assert.equal(fate(at), 'reserve.bad_measure', amount)
  }
  for (const missing of ['{}', '[]', '"x"', 'null']) {
    assert.equal(fate(await bench.call('args', input(missing))), 'reserve.bad_measure', missing)
  }
  const most = String(Number.MAX_SAFE_INTEGER)
  for (const huge of ['9007199254740992', '1000000000000000000000000', '9'.repeat(400)]) {
    assert.equal(fate(await bench.call('args', input(`{"amount":${huge}}`))), 'reserve.bad_measure')
  }
  assert.equal(fate(await bench.call('args', input(`{"amount":${most}}`))), 'result')
  // One more could not be counted exactly within the day.
  assert.equal(fate(await bench.call('args', input('{"amount":1}'))), 'reserve.bad_measure')
  assert.equal(fate(await bench.call('args', input('{"amount":0}'))), 'result')
  const { money } = bench.authority.history.facts(bench.be({}), 'fake', 'args')
  assert.equal(money.day, Number.MAX_SAFE_INTEGER)
})

test('what spends and has no measure is refused where money is limited', async () => {
  await using bench = await BudgetBench.open()
  bench.be({ task: await bench.task({ money: 100 }) })
  bench.label('args', { effects: ['spend'] })
  assert.equal(fate(await bench.call('args', { value: 1 })), 'reserve.bad_measure')
  // No label counts as every effect.
  bench.label('args', { effects: [] })
  assert.equal(fate(await bench.call('args', { value: 1 })), 'reserve.bad_measure')
  bench.label('args', { effects: ['write'] })
  assert.equal(fate(await bench.call('args', { value: 1 })), 'result')
})

test('recipients count once however often they are named, and never fewer than they may be', async () => {
  await using bench = await BudgetBench.open()
  bench.label('args', { ...MONEY, measures: { recipients: ['/value/to', '/value/cc'] } })
  const count = async (to: string): Promise<number> => {
    assert.equal(fate(await bench.call('args', input(to))), 'result')
    return bench.authority.history.facts(bench.be({}), 'fake', 'args').recipients.day
  }
  assert.equal(await count('{"to":["a@x","a@x"],"cc":"a@x"}'), 1)
  assert.equal(await count('{"to":" a@x ","cc":null}'), 1)
  // Some systems tell spellings apart: so does the count.
  assert.equal(await count('{"to":["A@x"]}'), 2)
  // One text that names three is three.
  assert.equal(await count('{"to":"b@x, c@x;d@x"}'), 5)
  assert.equal(await count('{"to":"e@x f@x"}'), 7)
  assert.equal(await count('{}'), 7)
  for (const odd of ['{"to":7}', '{"to":[["a@x"]]}', '{"to":{"name":"a@x"}}']) {
    assert.equal(fate(await bench.call('args', input(odd))), 'reserve.bad_measure')
  }
  const many = JSON.stringify(Array.from({ length: 300 }, (_, at) => `r${at}@x`))
  assert.equal(await count(`{"to":${many}}`), 307)
  // What is beyond the bound of one call counts anew each time: upwards, never down.
  assert.ok((await count(`{"to":${many}}`)) >= 307)
})

test('a limit on recipients looks at those that are new', async () => {
  await using bench = await BudgetBench.open()
  bench.label('args', { ...MONEY, measures: { recipients: ['/value/to'] } })
  const word = { person: bench.ada, reason: 'a test' }
  const on = { agent: 'bot', action: 'fake/*' }
  await bench.authority.limits.add({ on, what: 'recipients', most: 2, per: 'hour' }, word)
  const send = async (to: string) => fate(await bench.call('args', input(`{"to":${to}}`)))
  assert.equal(await send('["a@x","b@x"]'), 'result')
  assert.equal(await send('["b@x","a@x"]'), 'result')
  assert.equal(await send('["a@x","c@x"]'), 'reserve.rate_limited')
})

test('a limit says when to try again, and concurrency counts what runs', async () => {
  await using bench = await BudgetBench.open()
  const word = { person: bench.ada, reason: 'a test' }
  await bench.authority.limits.add(
    { on: { action: 'fake/echo' }, what: 'calls', most: 1, per: 'minute' },
    word,
  )
  const [one] = [await bench.authority.limits.add({ on: {}, what: 'concurrency', most: 2 }, word)]
  assert.equal(fate(await bench.call('echo', { text: 'x' })), 'result')
  const refused = await bench.call('echo', { text: 'x' })
  assert.equal(refused.kind === 'denied' && refused.denial.code, 'reserve.rate_limited')
  const wait = refused.kind === 'denied' ? (refused.denial.retryAfterMs ?? 0) : 0
  assert.ok(wait > 0 && wait <= 61_000)
  bench.home.clock.advance(wait)
  assert.equal(fate(await bench.call('echo', { text: 'x' })), 'result')
  const controls = [new CallControl(), new CallControl()]
  const running = controls.map((control) => bench.call('hang', {}, { control }))
  await until(() => bench.authority.limits.use(one.id)[0]?.taken === 2)
  assert.equal(fate(await bench.call('args', { value: 1 })), 'reserve.concurrency')
  for (const control of controls) control.end(new CallEnd('call.cancelled', 'over'))
  await Promise.all(running)
  assert.equal(fate(await bench.call('args', { value: 1 })), 'result')
})

test('a breaker opens at once, suspends nothing by itself, and closes when the agent is activated again', async () => {
  await using bench = await BudgetBench.open()
  const trips: string[] = []
  const { agents, history } = bench.authority
  history.breakers.set({ denials: 5, errors: 0, identical: 3 })
  history.breakers.onTrip(({ agent, what, count }) => trips.push(`${agent} ${what} ${count}`))
  bench.fake.answers = { fail: 'deny' }
  bench.label('args', { effects: ['write'] })
  for (let at = 0; at < 6; at++) {
    // Another instance each time: it is the lineage that counts.
    bench.be({ instance: `i${at}` }, `cert-${at}`)
    await bench.call('fail', {}, { as: `cert-${at}` })
  }
  assert.deepEqual(trips, ['bot denials 6'])
  assert.equal(fate(await bench.call('echo', { text: 'x' })), 'reserve.breaker')
  const word = { person: bench.ada, reason: 'looked at it' }
  await agents.suspend('bot', 'circuit breaker')
  assert.equal(agents.get('bot')?.because, 'circuit breaker')
  await agents.update('bot', { state: 'active' }, word)
  assert.equal(fate(await bench.call('echo', { text: 'x' })), 'result')
  // Identical calls that change something: reading again and again is no loop.
  for (let at = 0; at < 5; at++) await bench.call('echo', { text: 'x' })
  for (let at = 0; at < 4; at++) await bench.call('args', { value: at })
  assert.equal(trips.length, 1)
  for (let at = 0; at < 3; at++) await bench.call('args', { value: 0 })
  assert.deepEqual(trips.slice(1), ['bot identical 4'])
})

async function until(holds: () => boolean): Promise<void> {
  for (let at = 0; at < 500; at++) {
    if (holds()) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  assert.fail('it did not come to that')
}
