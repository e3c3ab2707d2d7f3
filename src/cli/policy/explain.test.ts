// Holds tests of `policy explain` over the real control API: what it sends, what it draws, and what it refuses.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ControlCli } from '../../../test/fakes/control-cli.ts'
import { utf8 } from '../../std/bytes.ts'
import { parseJson, type JsonObject } from '../../std/json.ts'
import { ExplainAnswer } from '../../wire/api/explanation.ts'

let cli: ControlCli
const folder = mkdtempSync(join(tmpdir(), 'explain-'))
const POLICIES = `
@id("people") permit (principal is Person, action, resource);
@id("gardeners") permit (principal in Role::"gardener", action == Action::"files/grow", resource);
@id("small") @reason("files stay small")
forbid (principal, action == Action::"files/grow", resource) when { context.input.size > 10 };`

before(async () => {
  cli = await ControlCli.open()
  const { authority, ada, upstream } = cli.home
  const inputSchema = parseJson(
    utf8('{"type":"object","properties":{"size":{"type":"integer"}},"required":["size"]}'),
  ) as JsonObject
  const grow = { name: 'grow', inputSchema, effects: ['write' as const], digest: 'sha256:x' }
  const by = { person: ada.id, reason: 'a test' }
  await authority.systems.pin({ ...upstream, actions: [grow] }, by)
  const bot = { name: 'bot', owner: ada.id, purpose: 'grows', roles: ['gardener'] }
  await authority.agents.register({ ...bot, unattended: false, taskless: true }, { person: ada.id })
  writeFileSync(join(folder, 'a.cedar'), POLICIES)
})
after(async () => {
  await cli.close()
  rmSync(folder, { recursive: true })
})

test('the policies of these tests are applied', async (t) => {
  const { code, err } = await cli.run(t, ['policy', 'apply', folder, '--yes'])
  assert.equal(code, 0, err)
})

const explain = (...more: string[]) => [
  'policy',
  'explain',
  'files/grow',
  '--agent',
  'bot',
  ...more,
]

test('a denial is drawn with every party, the clause that decided, and what would change it', async (t) => {
  const { code, err, out } = await cli.run(t, explain('--json', '{"size":11}'))
  assert.equal(code, 0, err)
  for (const line of [
    /^deny: files stay small$/m,
    /^deny {2}the person is denied by `small` {2}Person::"per_/m,
    /^ {2}forbid small {2}a\.cedar:4$/m,
    /^ {4}it forbids because `context\.input\.size > 10`$/m,
    /^ {6}true {3}when context\.input\.size > 10 {3}\(input\.size = 11\)$/m,
    /^what would change it, the smallest first$/m,
    /^ {2}`size` at most 10 {2}\(for the person; the call is then still denied\)$/m,
    /^ {2}`size` at most 10, and open a task whose scope covers `files\/grow` {2}\(for the agent; the call is then allowed\)$/m,
  ]) {
    assert.match(out, line)
  }
})

test('values are left out where nobody wants to see them; JSON is what the API answers', async (t) => {
  const hidden = await cli.run(t, explain('--json', '{"size":4711}', '--no-values'))
  assert.equal(hidden.code, 0, hidden.err)
  assert.ok(!hidden.out.includes('4711'), hidden.out)
  const json = await cli.run(t, ['-o', 'json', ...explain('--json', '{"size":5}')])
  const { explanation } = ExplainAnswer.parse(JSON.parse(json.out))
  assert.equal(explanation.reason, 'no policy permits this call without a task')
})

test('nobody on whose behalf, and somebody else', async (t) => {
  const alone = await cli.run(t, explain('--json', '{"size":5}', '--unattended'))
  assert.match(alone.out, /before policy is asked: the agent `bot` is not registered to act/)
  assert.match(
    alone.out,
    /open a task whose scope covers `files\/grow`, and act on behalf of a person who may do this/,
  )
  const both = await cli.run(t, explain('--unattended', '--person', 'ada'))
  assert.equal(both.code, 2)
  const nobody = await cli.run(t, explain('--person', 'nobody'))
  assert.equal(nobody.code, 1)
  assert.match(nobody.err, /person\.unknown/)
})

test('arguments come from a file or the command line, and are strict JSON', async (t) => {
  for (const [argv, pattern] of [
    [explain('missing.json'), /missing\.json cannot be read/],
    [explain('a.json', '--json', '{}'), /from a file, or from --json/],
    [explain('--json', '{"size":1,"size":2}'), /strict JSON/],
    [['policy', 'explain', 'files', '--agent', 'bot'], /system\/action/],
    [['policy', 'explain', 'files/grow'], /--agent/],
  ] as const) {
    const { code, err } = await cli.run(t, argv)
    assert.equal(code, 2, argv.join(' '))
    assert.match(err, pattern)
  }
})
