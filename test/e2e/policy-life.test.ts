// Holds the life of a policy end to end, through the real command line: written, tested, observed, enforced, replayed, gone back on.

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Subjects } from '../../src/audit/side/subjects.ts'
import { trafficSince } from '../../src/audit/traffic/read.ts'
import { openKeyRing } from '../../src/keys/file.ts'
import { systemClock } from '../../src/std/clock.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { Agent } from '../../src/wire/api/agent.ts'
import { ROOT } from '../../scripts/source/tree.ts'
import { FakeAudit } from '../fakes/audit.ts'
import { Bailiwick } from './bailiwick.ts'
import { connect } from './client.ts'
import { until } from './until.ts'

const POLICIES = `
@id("people-may") permit (principal is Person in Role::"operator", action, resource);

@id("scribes-list") @without("task")
permit (principal in Role::"scribe", action == Action::"notes/list_notes", resource);
`

const WIDER = `${POLICIES}
@id("scribes-write") @without("task")
permit (principal in Role::"scribe", action == Action::"notes/add_note", resource);
`

/** What the system needs and nobody else ever sees. */
const SECRET = 'correct-horse-battery-staple'

let bailiwick: Bailiwick
let folder: string
let client: Awaited<ReturnType<typeof connect>>

function write(text: string, file = 'notes.cedar'): void {
  writeFileSync(join(folder, file), text)
}

async function json(args: readonly string[], code = 0): Promise<Record<string, unknown>> {
  const ended = await bailiwick.cli(['-o', 'json', '--yes', ...args])
  assert.equal(ended.code, code, `${args.join(' ')}: ${ended.stdout}${ended.stderr}`)
  return JSON.parse(ended.stdout) as Record<string, unknown>
}

async function add(name: string): Promise<boolean> {
  try {
    await client.callTool({ name: 'add_note', arguments: { name, body: 'x' } })
    return true
  } catch {
    return false
  }
}

before(async () => {
  bailiwick = await Bailiwick.start()
  folder = mkdtempSync(join(tmpdir(), 'bailiwick-policies-'))
  const server = [process.execPath, join(ROOT, 'examples', 'notes-server.mjs')]
  await bailiwick.pin('notes', server, { secrets: { NOTES_TOKEN: SECRET } })
  write(POLICIES)
  const body = { name: 'scribe', purpose: 'is tested', roles: ['scribe'], taskless: true }
  await bailiwick.control.send('POST', '/v1/agents', body, Agent)
})

after(async () => {
  rmSync(folder, { recursive: true, force: true })
  await bailiwick[Symbol.asyncDispose]()
})

test('a policy is checked and tested without a server, against what one wrote down', async () => {
  const facts = await bailiwick.cli(['policy', 'facts'])
  write(facts.stdout, 'facts.json')
  mkdirSync(join(folder, 'wrong'))
  write('@id("x") permit (principal in Rol::"scribe", action, resource);', 'wrong/x.cedar')
  const offline = ['--home', join(folder, 'no-home'), '--systems', join(folder, 'facts.json')]
  const wrong = await json(['policy', 'check', join(folder, 'wrong'), ...offline], 1)
  const [problem] = wrong['problems'] as Record<string, unknown>[]
  assert.deepEqual(
    [problem?.['file'], problem?.['line'], problem?.['column'], problem?.['help']],
    ['x.cedar', 1, 31, 'did you mean `Role`?'],
  )
  rmSync(join(folder, 'wrong'), { recursive: true })
  const right = await json(['policy', 'check', folder, '--strict', ...offline])
  assert.deepEqual([right['ok'], right['policies'], right['warnings']], [true, 2, []])
  write(
    `given:
  agent: { name: scribe, roles: [scribe] }
  person: { roles: [operator] }
tests:
  - { name: lists, action: notes/list_notes, expect: allow, by: [scribes-list] }
  - { name: writes, action: notes/add_note, input: { name: a, body: b }, expect: allow }
`,
    'notes.test.yaml',
  )
  const tested = await json(['policy', 'test', folder, ...offline], 1)
  assert.deepEqual([tested['passed'], tested['failed']], [1, 1])
})

test('observe mode lets reads and writes go on, marks every one of them, and opens nothing that destroys', async () => {
  await json(['policy', 'apply', join(folder, 'notes.cedar'), '--reason', 'the first set'])
  const holder = await bailiwick.enrol('scribe')
  client = await connect(bailiwick, holder, 'notes', { era: '2025-11-25' })
  assert.equal(await add('one'), false)
  const observed = await json(['agent', 'observe', 'scribe', '--for', '1h', '--reason', 'to see'])
  assert.equal((observed['observe'] as Record<string, unknown>)['reason'], 'to see')
  assert.equal(await add('two'), true)
  await assert.rejects(client.callTool({ name: 'delete_note', arguments: { name: 'two' } }))
  const names = (await client.listTools()).tools.map(({ name }) => name)
  assert.deepEqual(names.sort(), ['add_note', 'list_notes'])
  const status = await bailiwick.status()
  assert.ok(status.warnings.some((text) => text.startsWith('observe mode is on for scribe until')))
  const intents = await bailiwick.records('call.intent')
  const body = intents.at(-1)!.record.body as Record<string, Record<string, unknown>>
  assert.equal(body['observed'], true)
  assert.deepEqual([body['decision']!['answer'], body['decision']!['would']], ['allow', 'deny'])
  assert.match(String(body['decision']!['reason']), /no policy permits/)
})

test('what was observed is replayed: the wider set would allow it, and the record says the same of each call', async () => {
  write(WIDER)
  const wider = await json(['policy', 'replay', join(folder, 'notes.cedar'), '--since', '1h'])
  assert.deepEqual(
    [wider['calls'], wider['newly_allowed'], wider['newly_denied'], wider['dropped']],
    [3, 2, 0, 0],
  )
  const changes = wider['changes'] as Record<string, unknown>[]
  assert.deepEqual(
    changes.map((one) => [
      one['action'],
      one['before'],
      one['after'],
      one['by_after'],
      one['record'],
    ]),
    [0, 1].map(() => ['add_note', 'deny', 'allow', ['people-may', 'scribes-write'], 'agrees']),
  )
  const drawn = await bailiwick.cli(['policy', 'replay', join(folder, 'notes.cedar')])
  assert.match(
    drawn.stdout,
    /replay covers 3 of 3 calls\nwould have denied 0 of 3 calls, newly allowed 2/,
  )
  for (const file of readdirSync(join(bailiwick.home, 'traffic'))) {
    assert.ok(!readFileSync(join(bailiwick.home, 'traffic', file)).includes('add_note'))
  }
})

test('the least policy that covers what was used is suggested, and proven', async () => {
  const suggested = await json(['policy', 'suggest', 'scribe', '--since', '1h'])
  const text = String(suggested['policy'])
  assert.deepEqual([suggested['used'], suggested['covered']], [1, 1], text)
  assert.match(text, /permit \(principal in Agent::"scribe", action == Action::"notes\/add_note"/)
  assert.match(text, /^\/\/ unused: scribes-list, in force since/m)
  write(text, 'suggested.cedar')
  const checked = await json(['policy', 'check', join(folder, 'suggested.cedar')])
  assert.deepEqual([checked['ok'], checked['warnings']], [true, []])
  rmSync(join(folder, 'suggested.cedar'))
})

test('it is enforced, and gone back on; every version has its author and its reason', async () => {
  await json(['policy', 'apply', join(folder, 'notes.cedar'), '--reason', 'scribes write'])
  await json(['agent', 'enforce', 'scribe', '--reason', 'it is right now'])
  assert.equal(await add('three'), true)
  const { versions } = (await json(['policy', 'log'])) as { versions: Record<string, unknown>[] }
  assert.deepEqual(
    versions.map((one) => [one['reason'], one['current']]),
    [
      ['scribes write', true],
      ['the first set', false],
    ],
  )
  assert.equal(versions[0]!['parent'], versions[1]!['id'])
  const first = String(versions[1]!['id'])
  const shown = await json(['policy', 'show', first])
  assert.equal((shown['sources'] as Record<string, unknown>[])[0]!['text'], POLICIES)
  const back = await json(['policy', 'rollback', first, '--reason', 'too early'])
  assert.deepEqual([back['applied'], back['removed']], [true, ['scribes-write']])
  assert.equal(await add('four'), false)
  const again = (await json(['policy', 'log']))['versions'] as Record<string, unknown>[]
  assert.deepEqual([again[0]!['rollback_of'], again.length], [first, 3])
})

test('INV-3 kept traffic holds what was decided, and no secret of a system or of an instance', async () => {
  await bailiwick.stop()
  const ring = openKeyRing(join(bailiwick.home, 'keys'), { entropy: systemEntropy })
  const store = await bailiwick.rows.open(ring.authority)
  const audit = new FakeAudit()
  const parts = { store, keys: ring, audit, clock: systemClock, entropy: systemEntropy }
  const subjects = await Subjects.load(parts)
  const folder = join(bailiwick.home, 'traffic')
  const source = { folder, keys: ring.encryption, subjects, entropy: systemEntropy }
  const entries = [...trafficSince(source, 0)].flatMap((batch) => batch.entries)
  await store.close()
  assert.deepEqual(
    entries.map(({ request, answer, observed = false }) => [request.action, answer, observed]),
    [
      ['add_note', 'deny', false],
      ['add_note', 'deny', true],
      ['delete_note', 'deny', false],
      ['add_note', 'allow', false],
      ['add_note', 'deny', false],
    ],
  )
  const text = JSON.stringify(entries)
  assert.ok(text.includes('three'))
  for (const secret of [SECRET, 'BEGIN', 'NOTES_TOKEN', 'credential', 'Bearer']) {
    assert.ok(!text.includes(secret), secret)
  }
})

test('with four eyes one administrator proposes, and only another puts it in force', async () => {
  const again = await Bailiwick.start({ BAILIWICK_POLICY_FOUR_EYES: '1' }, bailiwick.home)
  bailiwick = again
  const path = join(folder, 'notes.cedar')
  const proposed = await json(['policy', 'apply', path, '--reason', 'scribes write'])
  assert.equal(proposed['applied'], false)
  const id = String(proposed['proposal'])
  const own = await bailiwick.cli(['-y', 'policy', 'approve', id, '--reason', 'mine'])
  assert.equal(own.code, 3, own.stderr)
  assert.match(own.stderr, /policy\.proposal_own/)
  const key = join(folder, 'grace.json')
  await json(['person', 'add', 'grace', '--role', 'administrator', '--out', key])
  const operator = join(bailiwick.home, 'operator.json')
  const mine = readFileSync(operator)
  writeFileSync(operator, readFileSync(key), { mode: 0o600 })
  const approved = await json(['policy', 'approve', id, '--reason', 'looked at it'])
  assert.deepEqual([approved['applied'], approved['added']], [true, ['scribes-write']])
  writeFileSync(operator, mine, { mode: 0o600 })
  const { versions } = (await json(['policy', 'log'])) as { versions: Record<string, unknown>[] }
  assert.equal(versions[0]!['approved_by'], 'grace')
  await until('the record', async () => (await bailiwick.records('policy.proposal_approved'))[0])
})
