// Holds answers end to end: what policy asks of them, what an agent sees, what is on record, and labels that outlive a kill.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Holder } from '../../src/cli/identity/holder.ts'
import { HistoryAnswer } from '../../src/wire/api/history.ts'
import { Bailiwick, testServer } from './bailiwick.ts'
import { legacy, send, type Answer } from './client.ts'
import { until } from './until.ts'

const POLICIES = `
@id("readers") @without("task") permit (principal in Role::"reader", action == Action::"probe/echo", resource);
@id("careful") @without("task") @redact("personal") @links("docs.example.com")
permit (principal in Role::"careful", action == Action::"probe/echo", resource);
@id("finding") @without("task") @find("email") @refuse("card") @label("web")
permit (principal in Role::"finding", action == Action::"probe/echo", resource);
@id("not-after-the-web") @reason("nothing goes out after the web was read")
forbid (principal in Role::"finding", action == Action::"probe/echo", resource)
when { context.history.labels.contains("web") && context.input.text like "send *" };
`

let bailiwick: Bailiwick

before(async () => {
  bailiwick = await Bailiwick.start()
  const journal = join(bailiwick.home, 'journal')
  writeFileSync(journal, '')
  await bailiwick.pin('probe', testServer('fakes/sdk-upstream.ts', journal))
  await bailiwick.apply(POLICIES)
})

after(() => bailiwick[Symbol.asyncDispose]())

async function agent(name: string, ...roles: string[]): Promise<Holder> {
  await bailiwick.agent(name, ['reader', ...roles])
  return bailiwick.enrol(name)
}

function echo(holder: Holder, text: string): Promise<Answer> {
  return send(bailiwick, holder, legacy('tools/call', { name: 'echo', arguments: { text } }))
}

async function labels(name: string): Promise<readonly string[]> {
  const { code, stdout, stderr } = await bailiwick.cli(['history', 'show', name, '-o', 'json'])
  assert.equal(code, 0, stderr)
  return HistoryAnswer.parse(JSON.parse(stdout)).lineages.flatMap((one) => one.labels)
}

test('what a narrow permit asks for holds beside a wide one, and the outcome says what was done', async () => {
  const holder = await agent('careful', 'careful')
  const answer = await echo(
    holder,
    'ann@corp.example, ![x](https://evil.test/x) and https://docs.example.com/y\u202e',
  )
  assert.equal(answer.code, undefined)
  assert.match(
    answer.text,
    /\[email removed by bailiwick\], !\[x\]\(\[link removed by bailiwick\]\) and https:\/\/docs\.example\.com\/y/,
  )
  assert.doesNotMatch(answer.text, /ann@|evil|\u202e/)
  const outcome = await until('its outcome', async () =>
    (await bailiwick.records('call.outcome')).find(({ record }) => record.body['inspected']),
  )
  assert.deepEqual(
    { ...(outcome.record.body['inspected'] as object) },
    { email: 1, hidden: 1, links: 1 },
  )
})

test('policy explain says what becomes of the answer', async () => {
  const words = ['policy', 'explain', 'probe/echo', '--agent', 'careful', '--json', '{"text":"x"}']
  const { stdout } = await bailiwick.cli(words)
  assert.match(
    stdout,
    /what becomes of the answer\n {2}these are taken out: email, phone, iban, card, national-id\n {2}links are taken out unless they lead to docs\.example\.com/,
  )
})

test('INV-11 what an agent read narrows what it may do, also after a kill', async () => {
  const holder = await agent('finding', 'finding')
  assert.equal((await echo(holder, 'send it')).code, undefined)
  const read = await echo(holder, 'ask ann@corp.example')
  assert.match(read.text, /ask ann@corp\.example/)
  assert.match(read.text, /dev\.bailiwick\/labels/)
  assert.deepEqual(await labels('finding'), ['pii', 'web'])
  assert.equal((await echo(holder, 'send it')).code, 'policy.denied')
  await until('the record of it', async () =>
    (await bailiwick.records('call.outcome')).find(({ record }) =>
      JSON.stringify(record.body['labels'] ?? []).includes('pii'),
    ),
  )
  await bailiwick.stop('SIGKILL')
  await bailiwick.serve()
  assert.deepEqual(await labels('finding'), ['pii', 'web'])
})

test('INV-10 an answer that policy refuses is told as done and withheld', async () => {
  const holder = await agent('refused', 'finding')
  const answer = await echo(holder, '4111 1111 1111 1111')
  assert.equal(answer.code, 'inspect.refused')
  assert.doesNotMatch(answer.text, /4111/)
  const outcome = await until('its outcome', async () =>
    (await bailiwick.records('call.outcome')).find(
      ({ record }) => record.body['status'] === 'withheld',
    ),
  )
  assert.equal(outcome.record.body['executed'], 'yes')
})
