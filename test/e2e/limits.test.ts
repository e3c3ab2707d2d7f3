// Holds limits, budgets, history and breakers end to end: over a kill, by the command line, and back by a person's word.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Holder } from '../../src/cli/identity/holder.ts'
import { FindingsAnswer } from '../../src/wire/api/finding.ts'
import { HistoryAnswer } from '../../src/wire/api/history.ts'
import { Limit } from '../../src/wire/api/limit.ts'
import { Bailiwick, testServer } from './bailiwick.ts'
import { connect, legacy, send, type Answer } from './client.ts'
import { until } from './until.ts'

const POLICIES = `
@id("workers") @without("task") permit (principal in Role::"worker", action in [Action::"probe/echo", Action::"probe/work"], resource);
@id("denied") forbid (principal in Role::"worker", action == Action::"probe/echo", resource)
when { context.input.text == "denied" };
@id("three-a-minute") forbid (principal in Role::"counted", action == Action::"probe/echo", resource)
when { context.history.calls.minute >= 3 };
`

let bailiwick: Bailiwick
let journal: string

before(async () => {
  bailiwick = await Bailiwick.start({ BAILIWICK_BREAKER_DENIALS: '10' })
  journal = join(bailiwick.home, 'journal')
  writeFileSync(journal, '')
  await bailiwick.pin('probe', testServer('fakes/sdk-upstream.ts', journal))
  await bailiwick.apply(POLICIES)
})

after(() => bailiwick[Symbol.asyncDispose]())

async function worker(name: string, ...roles: string[]): Promise<Holder> {
  await bailiwick.agent(name, ['worker', ...roles])
  return bailiwick.enrol(name)
}

function echo(holder: Holder, text: string): Promise<Answer> {
  return send(bailiwick, holder, legacy('tools/call', { name: 'echo', arguments: { text } }))
}

async function json(...words: string[]): Promise<unknown> {
  const { code, stdout, stderr } = await bailiwick.cli([...words, '-o', 'json'])
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout)
}

test('a limit is added, refuses with the time to wait, is shown and removed', async () => {
  const holder = await worker('limited')
  const words = ['--agent', 'limited', '--action', 'probe/*', '--reason', 'it is tested']
  const limit = Limit.parse(await json('limit', 'add', '2', 'calls/hour', ...words))
  for (const text of ['a', 'b']) assert.equal((await echo(holder, text)).code, undefined)
  const refused = await echo(holder, 'c')
  assert.deepEqual([refused.status, refused.code], [200, 'reserve.rate_limited'])
  const wait = Number(/"retry_after_ms":(\d+)/.exec(refused.text)?.[1])
  assert.ok(wait > 3_500_000 && wait <= 3_660_000, String(wait))
  assert.equal(refused.headers['retry-after'], String(Math.ceil(wait / 1_000)))
  const shown = Limit.parse(await json('limit', 'show', limit.id))
  assert.deepEqual(shown.use, [{ of: '', taken: 2 }])
  await json('limit', 'remove', limit.id, '--reason', 'it was tested')
  assert.equal((await echo(holder, 'c')).code, undefined)
  const types = ['limit.added', 'limit.removed'] as const
  for (const type of types) {
    const [entry] = await bailiwick.records(type)
    assert.equal(entry?.record.body['limit'], limit.id)
  }
})

test('policy sees what was done in this minute', async () => {
  const holder = await worker('counted', 'counted')
  for (const text of ['a', 'b', 'c']) assert.equal((await echo(holder, text)).code, undefined)
  assert.equal((await echo(holder, 'd')).code, 'policy.denied')
  const history = HistoryAnswer.parse(await json('history', 'show', 'counted'))
  const [lineage] = history.lineages
  assert.deepEqual([lineage?.calls.minute, lineage?.denials.minute], [3, 1])
  assert.deepEqual(lineage?.actions, ['probe/echo'])
})

test('INV-11 a kill between intent and outcome leaves the budget as it was reserved', async () => {
  const holder = await worker('budgeted')
  const budget = ['--calls', '3', '--intent', 'is tested', '--allow', 'probe/*']
  await json('task', 'open', 'budgeted', ...budget)
  assert.equal((await echo(holder, 'a')).code, undefined)
  const client = await connect(bailiwick, holder, 'probe', { era: '2025-11-25' })
  let told = 0
  const running = client.callTool(
    { name: 'work', arguments: { name: 'cut-off' } },
    { onprogress: () => (told += 1), timeout: 60_000 },
  )
  running.catch(() => undefined)
  await until('it runs', () => told > 1)
  await bailiwick.stop('SIGKILL')
  await bailiwick.serve()
  const outcome = (await bailiwick.records('call.outcome')).at(-1)
  assert.equal(outcome?.record.body['status'], 'unknown')
  assert.equal((await echo(holder, 'b')).code, undefined)
  assert.equal((await echo(holder, 'c')).code, 'reserve.budget_spent')
  const [lineage] = HistoryAnswer.parse(await json('history', 'show', 'budgeted')).lineages
  assert.equal(lineage?.calls.day, 3)
})

test('a breaker suspends the agent with a finding, and a person brings it back', async () => {
  const holder = await worker('stubborn')
  const again = await bailiwick.enrol('stubborn')
  for (let at = 0; at < 11; at++) await echo(at % 2 === 0 ? holder : again, 'denied')
  const { findings } = await bailiwick.control.get('/v1/findings', FindingsAnswer)
  await until('it is suspended', async () => (await echo(holder, 'a')).status === 401)
  const found = await until('the finding', async () =>
    (await bailiwick.control.get('/v1/findings', FindingsAnswer)).findings.find(
      ({ rule }) => rule === 'circuit-breaker',
    ),
  )
  assert.ok(findings.length <= 1)
  assert.equal(found.agent, 'stubborn')
  assert.deepEqual(found.facts, { what: 'denials', count: 11, most: 10 })
  const [suspended] = (await bailiwick.records('agent.suspended')).slice(-1)
  assert.match(String(suspended?.record.body['because']), /^circuit breaker: 11 calls/)
  await json('agent', 'update', 'stubborn', '--state', 'active', '--reason', 'it was looked at')
  const fresh = await bailiwick.enrol('stubborn')
  assert.equal((await echo(fresh, 'a')).code, undefined)
})
