// Holds tasks end to end: refused without one, allowed within one, cut when it ends, and signed so that a stranger can tell by whom.

import assert from 'node:assert/strict'
import { createPublicKey, hash, verify } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Holder } from '../../src/cli/identity/holder.ts'
import { fromBase64url, utf8 } from '../../src/std/bytes.ts'
import type { AuditEntry } from '../../src/wire/api/audit.ts'
import { Approval } from '../../src/wire/api/approval.ts'
import { Task, TaskShown } from '../../src/wire/api/task.ts'
import { answerSignature } from '../../src/wire/check.ts'
import { META } from '../../src/wire/mcp.ts'
import { Bailiwick, testServer } from './bailiwick.ts'
import { connect, legacy, modern, refused, send, type Answer } from './client.ts'
import { until } from './until.ts'

const POLICIES = `
@id("workers") permit (principal in Role::"worker", action in [Action::"probe/echo", Action::"probe/count", Action::"probe/work"], resource);
@id("echo-is-looked-at") @gate("operator")
forbid (principal in Role::"worker", action == Action::"probe/echo", resource)
when { context.input.text like "ok, hold*" };
@id("echo-is-checked") @gate("check guard")
forbid (principal in Role::"worker", action == Action::"probe/echo", resource)
when { context.input.text like "ok, check*" };
`

interface Question {
  readonly nonce: string
  readonly digest: string
  readonly input: { readonly text: string }
}

let bailiwick: Bailiwick
let journal: string

before(async () => {
  bailiwick = await Bailiwick.start({ BAILIWICK_HOLD_MS: '20000' })
  journal = join(bailiwick.home, 'journal')
  writeFileSync(journal, '')
  await bailiwick.pin('probe', testServer('fakes/sdk-upstream.ts', journal))
  await bailiwick.apply(POLICIES)
})

after(() => bailiwick[Symbol.asyncDispose]())

/** An agent of its own for each test, which may not act without a task. */
async function worker(name: string): Promise<Holder> {
  await bailiwick.agent(name, ['worker'], false, false)
  return bailiwick.enrol(name)
}

async function open(agent: string, ...more: string[]): Promise<Task> {
  const words = ['task', 'open', agent, '--intent', 'is tested', '-o', 'json']
  const { code, stdout, stderr } = await bailiwick.cli([...words, ...more])
  assert.equal(code, 0, stderr)
  return Task.parse(JSON.parse(stdout))
}

function echo(
  holder: Holder,
  text: string,
  task: { readonly header?: string; readonly meta?: unknown } = {},
  era = legacy,
): Promise<Answer> {
  const { headers, body } = era('tools/call', { name: 'echo', arguments: { text } })
  const tree = JSON.parse(body) as { params: { _meta?: Record<string, unknown> } }
  const { header, meta } = task
  if (meta !== undefined) tree.params._meta = { ...tree.params._meta, [META.task]: meta }
  return send(bailiwick, holder, {
    headers: { ...headers, ...(header !== undefined && { 'bailiwick-task': header }) },
    body: JSON.stringify(tree),
  })
}

/** The newest record of a type. */
async function last(type: string): Promise<AuditEntry['record']> {
  const entry = (await bailiwick.records(type)).at(-1)
  if (entry === undefined) throw new Error(`no record of type ${type}`)
  return entry.record
}

const ran = (answer: Answer): boolean => answer.status === 200 && answer.code === undefined

test('INV-4 an agent that is not registered for it does nothing without a task, and in one only what that allows', async () => {
  const holder = await worker('bounded')
  const without = await echo(holder, 'ok')
  assert.equal(without.code, 'decide.no_task', without.text)
  const denied = await last('call.denied')
  assert.deepEqual([denied.agent, denied.body['code']], ['bounded', 'decide.no_task'])
  const task = await open('bounded', '--allow', 'probe/echo when context.input.text like "ok*"')
  assert.ok(ran(await echo(holder, 'ok, within')))
  const intent = await last('call.intent')
  assert.equal(intent.task, task.id)
  assert.equal((await echo(holder, 'beyond')).code, 'policy.denied')
  const counted = legacy('tools/call', { name: 'count', arguments: { n: 1 } })
  assert.equal((await send(bailiwick, holder, counted)).code, 'policy.denied')
  const narrow = ['--allow', 'probe/count', '--reason', 'not this']
  const wider = await bailiwick.cli(['task', 'narrow', task.id, ...narrow])
  assert.match(wider.stderr, /task\.wider/)
  const closed = await bailiwick.cli(['task', 'close', task.id, '--reason', 'all is done'])
  assert.equal(closed.code, 0, closed.stderr)
  assert.equal((await echo(holder, 'ok, again')).code, 'decide.no_task')
  assert.equal((await echo(holder, 'ok', { header: task.id })).code, 'authenticate.task_over')
  assert.doesNotMatch(readFileSync(journal, 'utf8'), /beyond|again/)
})

test('a stranger sees whose key asked for a task, and that it is this task', async () => {
  await worker('signed')
  const task = await open('signed', '--allow', 'probe/echo', '--calls', '3', '--until', '2h')
  const { key, proof, body } = task.request!
  const { kid, publicKey } = operatorKey()
  const [header = '', payload = '', signature = ''] = proof.split('.')
  const spki = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' })
  assert.equal(key, kid)
  assert.ok(verify(null, utf8(`${header}.${payload}`), spki, fromBase64url(signature)!))
  const said = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, string>
  assert.deepEqual([said['htm'], said['htu']], ['POST', '/v1/tasks'])
  assert.equal(said['bdg'], hash('sha256', body, 'base64url'), 'it is over this very body')
  const asked = JSON.parse(body) as { intent: string; allow: unknown; budget: unknown }
  assert.deepEqual(
    [asked.intent, asked.allow, asked.budget],
    [task.intent, task.allow, task.budget],
  )
  const record = await last('task.opened')
  const { digest, key: recorded } = record.body
  assert.deepEqual(
    [digest, recorded, record.person],
    [task.digest, kid, bailiwick.control.operator.person],
  )
})

test('INV-4 a task is named by header or `_meta`, in both eras, and never by both differently', async () => {
  const holder = await worker('named')
  const one = await open('named', '--allow', 'probe/echo when context.input.text like "one*"')
  const two = await open('named', '--allow', 'probe/echo when context.input.text like "two*"')
  for (const era of [legacy, modern]) {
    assert.equal((await echo(holder, 'one', {}, era)).code, 'decide.no_task', 'several are open')
    assert.ok(ran(await echo(holder, 'one', { header: one.id }, era)))
    assert.ok(ran(await echo(holder, 'two', { meta: two.id }, era)))
    assert.ok(ran(await echo(holder, 'two', { header: two.id, meta: two.id }, era)))
    assert.equal((await echo(holder, 'one', { header: two.id }, era)).code, 'policy.denied')
    const both = await echo(holder, 'one', { header: one.id, meta: two.id }, era)
    assert.deepEqual([both.status, both.code], [400, 'mcp.headers'])
    for (const meta of [null, 1, [one.id], {}]) {
      assert.equal((await echo(holder, 'one', { meta }, era)).code, 'mcp.headers')
    }
    for (const header of ['x', `${one.id}, ${two.id}`, 'a'.repeat(4_000)]) {
      const answer = await echo(holder, 'one', { header }, era)
      assert.equal(answer.code, 'authenticate.unknown_task')
    }
  }
  const list = legacy('tools/list')
  const headers = { ...list.headers, 'bailiwick-task': 'x' }
  const listed = await send(bailiwick, holder, { ...list, headers })
  assert.equal(listed.code, 'authenticate.unknown_task', 'no list for somebody else’s task either')
  const { body } = await last('call.denied')
  assert.equal(body['code'], 'authenticate.unknown_task', 'and who tried is on record')
})

test('INV-4 the words of a condition are one expression, whatever they try to be', async () => {
  await worker('injecting')
  for (const when of [
    'true) || (true',
    'true } || { true',
    'true }; permit (principal, action, resource) when { true',
    'true\n}; permit (principal, action, resource',
    'true unless { false',
    '@id("operators-may") true',
    'context.input.txt == "a"',
    'context.input.text == 1',
    'principal in Role::"operator" || true ||',
    '',
  ]) {
    const words = [
      'task',
      'open',
      'injecting',
      '--intent',
      'x',
      '--allow',
      `probe/echo when ${when}`,
    ]
    const { code, stderr } = await bailiwick.cli(words)
    assert.notEqual(code, 0, when)
    assert.match(stderr, /task\.scope|cli\.usage|api\.invalid/, when)
  }
  const misspelt = 'probe/echo when context.input.txt == "a"'
  const { stderr } = await bailiwick.cli([
    'task',
    'open',
    'injecting',
    '--intent',
    'x',
    '--allow',
    misspelt,
  ])
  assert.match(stderr, /scope line 1:1:\d+ .*did you mean `text`/, stderr)
})

for (const [title, end] of [
  ['cancelled', (id: string) => ['task', 'cancel', id, '--reason', 'enough']],
  ['locked', (id: string) => ['lock', 'add', 'task', id, '--reason', 'enough']],
] as const) {
  test(`INV-5 a task that is ${title} cuts the call that runs for it, and voids the one that waits`, async () => {
    const holder = await worker(`is-${title}`)
    const task = await open(`is-${title}`, '--allow', 'probe/*')
    const client = await connect(bailiwick, holder, 'probe', { era: '2026-07-28' })
    let progress = 0
    const running = refused(
      client.callTool(
        { name: 'work', arguments: { name: title } },
        { onprogress: (told) => (progress = told.progress), timeout: 60_000 },
      ),
    )
    const waiting = echo(holder, 'ok, hold this')
    await until('progress', () => progress >= 2)
    const held = await bailiwick.held()
    const { code, stderr } = await bailiwick.cli(end(task.id))
    assert.equal(code, 0, stderr)
    const cut = title === 'locked' ? 'call.cut' : 'authenticate.task_over'
    assert.equal((await running).code, cut)
    assert.notEqual((await waiting).code, undefined)
    await until(
      'the approval is void',
      async () => !(await bailiwick.pending()).some(({ id }) => id === held.id),
    )
    const after = await echo(holder, 'ok')
    assert.equal(after.code, title === 'locked' ? 'admit.locked' : 'decide.no_task')
  })
}

test('INV-6 what is approved for the task goes on without asking, within its bounds, until it is withdrawn', async () => {
  const holder = await worker('amended')
  const task = await open('amended', '--allow', 'probe/echo')
  const first = echo(holder, 'ok, hold 1')
  const { id } = await bailiwick.held()
  const loosen = '/text in ["ok, hold 1","ok, hold 2"]'
  const terms = ['--for-task', '--count', '9', '--for', '30m', '--loosen', loosen]
  const agreed = await bailiwick.cli(['approval', 'approve', id, '--reason', 'fine', ...terms])
  assert.equal(agreed.code, 0, agreed.stderr)
  assert.ok(ran(await first))
  for (const text of ['ok, hold 1', 'ok, hold 2']) assert.ok(ran(await echo(holder, text)), text)
  assert.deepEqual(await bailiwick.pending(), [], 'nobody was asked again')
  const { body, call } = await last('call.intent')
  const used = await last('amendment.used')
  assert.deepEqual(
    [used.call, used.body['used'], body['set_aside']],
    [call, 2, ['echo-is-looked-at']],
  )
  const { stdout } = await bailiwick.cli(['task', 'show', task.id, '-o', 'json'])
  const [given] = TaskShown.parse(JSON.parse(stdout)).amendments
  assert.deepEqual([given?.used, given?.count, given?.approval], [2, 8, id])
  const shown = await bailiwick.cli(['approval', 'amendment', given!.id])
  assert.match(shown.stdout, /2 of 8[\s\S]*ok, hold 2[\s\S]*ok, hold 1/)
  const word = ['approval', 'withdraw', given!.id, '--reason', 'enough of that']
  assert.equal((await bailiwick.cli(word)).code, 0)
  const third = echo(holder, 'ok, hold 1')
  const held = await bailiwick.held()
  await bailiwick.cli(['approval', 'deny', held.id, '--reason', 'the end'])
  assert.equal((await third).code, 'approval.denied')
  // Held against what went on, and not against what people refused.
  const fourth = echo(holder, 'ok, hold http://evil.example')
  const odd = await bailiwick.held()
  const looked = await bailiwick.control.get(`/v1/approvals/${odd.id}`, Approval)
  assert.deepEqual([looked.unusual?.calls, looked.unusual?.by], [3, 'agent'])
  await bailiwick.cli(['approval', 'deny', odd.id, '--reason', 'the end'])
  assert.equal((await fourth).code, 'approval.denied')
  const report = await bailiwick.verify()
  assert.equal(report.ok, true, JSON.stringify(report.findings))
})

test('INV-9 an agent asks ahead with our own tool, and can only ask', async () => {
  const holder = await worker('asking')
  const tool = 'bailiwick_request_access'
  const toolNames = async (): Promise<string> =>
    (await send(bailiwick, holder, legacy('tools/list', {}))).text
  assert.doesNotMatch(await toolNames(), /request_access/, 'it is for a task')
  const task = await open('asking', '--allow', 'probe/echo')
  assert.match(await toolNames(), /"name":"bailiwick_request_access"/)
  const wanted = {
    tool: 'echo',
    arguments: { text: 'ok, hold A' },
    count: 2,
    reason: 'two \u202egreetings',
  }
  const ask = (args: object, era = legacy): Promise<Answer> =>
    send(bailiwick, holder, era('tools/call', { name: tool, arguments: args }))
  const stateOf = ({ text }: Answer): string => /"state":"(\w+)"/.exec(text)?.[1] ?? text
  assert.equal(stateOf(await ask({ ...wanted, arguments: { text: 'ok' } })), 'not_needed')
  for (const bad of [
    { ...wanted, reason: '' },
    { ...wanted, approve: true },
    { ...wanted, count: 0 },
    { ...wanted, arguments: [] },
    { ...wanted, tool: 7 },
  ]) {
    assert.equal((await ask(bad)).code, 'mcp.message')
  }
  assert.equal((await ask({ ...wanted, count: 5_000 })).code, 'amendment.terms')
  assert.equal((await ask({ ...wanted, tool: 'count', arguments: { n: 1 } })).code, 'policy.denied')
  assert.equal(stateOf(await ask(wanted)), 'pending')
  assert.equal(stateOf(await ask(wanted, modern)), 'pending', 'it joins')
  const held = await bailiwick.held()
  assert.equal((await bailiwick.pending()).length, 1)
  const shown = await bailiwick.cli(['approval', 'show', held.id])
  assert.match(shown.stdout, /2 calls within 60 min/)
  assert.doesNotMatch(shown.stdout, /\u202e/)
  const waiting = ask({ ...wanted, wait: true })
  const agreed = await bailiwick.cli(['approval', 'approve', held.id, '--reason', 'as asked'])
  assert.equal(agreed.code, 0, agreed.stderr)
  assert.equal(stateOf(await waiting), 'approved')
  assert.equal(stateOf(await ask(wanted)), 'approved')
  for (let n = 0; n < 2; n++) assert.ok(ran(await echo(holder, 'ok, hold A')))
  assert.equal(stateOf(await ask(wanted)), 'pending', 'used up, it is asked for anew')
  const again = await bailiwick.held()
  await bailiwick.cli(['approval', 'deny', again.id, '--reason', 'use the template instead'])
  const denied = await ask(wanted)
  assert.equal(denied.code, 'approval.denied')
  assert.match(denied.text, /use the template instead/)
  await bailiwick.cli(['task', 'close', task.id, '--reason', 'done'])
  assert.equal((await ask(wanted)).code, 'decide.no_task')
})

test('INV-2 a check that a gate names decides by its signed word, and nothing runs without one', async (t) => {
  const holder = await worker('checked')
  await open('checked', '--allow', 'probe/echo')
  assert.equal((await echo(holder, 'ok, check 0')).code, 'check.failed', 'nobody registered it')
  const asked: string[] = []
  let key = new Uint8Array()
  const server = createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8').on('data', (more: string) => (text += more))
    request.on('end', () => {
      const { nonce, digest, input } = JSON.parse(text) as Question
      asked.push(input.text)
      const verdict = input.text.endsWith('bad') ? 'deny' : 'allow'
      const body = JSON.stringify({ verdict, reason: 'the text ends badly' })
      const signature = answerSignature(key, { nonce, digest, body })
      response.writeHead(200, { 'bailiwick-signature': signature }).end(body)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const words = ['check', 'add', 'guard', '--url', url, '--reason', 'a test']
  const added = await bailiwick.cli(words)
  assert.equal(added.code, 0, added.stderr)
  // Without its key, what it answers counts for nothing.
  assert.equal((await echo(holder, 'ok, check 1')).code, 'check.failed')
  key = Buffer.from(added.stdout.trim().slice('whsec_'.length), 'base64')
  assert.ok(ran(await echo(holder, 'ok, check 2')))
  const denied = await echo(holder, 'ok, check bad')
  assert.equal(denied.code, 'check.denied')
  assert.match(denied.text, /the text ends badly/)
  assert.deepEqual(asked, ['ok, check 1', 'ok, check 2', 'ok, check bad'])
  const listed = await bailiwick.cli(['check', 'ls', '-o', 'json'])
  assert.doesNotMatch(listed.stdout, /whsec/)
  assert.equal((await bailiwick.cli(['check', 'rm', 'guard', '--reason', 'over'])).code, 0)
  assert.equal((await echo(holder, 'ok, check 3')).code, 'check.failed')
  assert.doesNotMatch(readFileSync(journal, 'utf8'), /check (?:0|1|bad|3)/)
})

test('INV-4 what comes with a join token is for its instance alone, and ends with it', async () => {
  await bailiwick.agent('joined', ['worker'], false, false)
  const words = ['call', 'probe', 'echo', '--as', 'joined', '--json', '{"text":"by hand"}']
  const called = await bailiwick.cli(words)
  assert.equal(called.code, 0, called.stderr)
  const opened = await last('task.opened')
  assert.deepEqual([opened.agent, opened.body['bound']], ['joined', true])
  const holder = await bailiwick.enrol('joined')
  const id = String(opened.body['task'])
  assert.equal((await echo(holder, 'ok', { header: id })).code, 'authenticate.unknown_task')
  await until('it ended with its instance', async () => {
    const { code, stdout } = await bailiwick.cli(['task', 'show', id, '-o', 'json'])
    return code === 0 && Task.parse(JSON.parse(stdout)).state === 'done'
  })
})

/** The first operator's key, as anybody may have it. */
function operatorKey(): { readonly kid: string; readonly publicKey: Uint8Array } {
  const { kid, key } = bailiwick.control.operator
  const { x = '' } = key
  // RFC 8410 §4: an Ed25519 key after its fixed head.
  const head = Buffer.from('302a300506032b6570032100', 'hex')
  return { kid, publicKey: Buffer.concat([head, Buffer.from(x, 'base64url')]) }
}
