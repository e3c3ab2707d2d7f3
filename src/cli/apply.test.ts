// Holds the tests of applying and exporting documents: the real command line against the real control API.

import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import fc from 'fast-check'
import type { ControlHome } from '../../test/fakes/control.ts'
import { ControlCli } from '../../test/fakes/control-cli.ts'
import { FakeShell } from '../../test/fakes/shell.ts'
import { kindsAt, wantedOf } from './apply/plan.ts'
import { readYaml } from './apply/yaml.ts'

const DAY = 86_400_000

let cli: ControlCli
let home: ControlHome

before(async () => {
  cli = await ControlCli.open()
  home = cli.home
  await home.person('grace', ['operator'])
})
after(() => cli.close())

interface Answer {
  readonly applied: boolean
  readonly changes: readonly {
    readonly kind: string
    readonly name: string
    readonly action: string
    readonly line?: number
    readonly members: readonly { readonly member: string }[]
  }[]
}

async function applied(t: TestContext, text: string, ...more: string[]): Promise<Answer> {
  const { code, out, err } = await cli.run(t, ['apply', '-f', '-', '-o', 'json', ...more], {
    input: text,
  })
  assert.equal(code, 0, err)
  return JSON.parse(out) as Answer
}

async function refused(t: TestContext, text: string, ...more: string[]): Promise<string> {
  const { code, out, err } = await cli.run(t, ['apply', '-f', '-', '--yes', ...more], {
    input: text,
  })
  assert.notEqual(code, 0)
  assert.equal(out, '')
  return err
}

const FLEET = `
kind: agent
name: mail-sorter
owner: team:mail
purpose: sorts the mail
environment: production
risk: high
review: 2027-01-01
roles:
  - mail
  - role: deploy
    reason: on call this month
    expires: 2026-02-01
---
kind: team
name: mail
members: [grace, ada]
`

test('documents are applied in a right order, and a second time changes nothing', async (t) => {
  const dry = await applied(t, FLEET, '--dry-run')
  assert.equal(dry.applied, false)
  assert.deepEqual(
    dry.changes.map(({ kind, name, action, line }) => [kind, name, action, line]),
    [
      ['team', 'mail', 'create', 15],
      ['agent', 'mail-sorter', 'create', 2],
    ],
  )
  assert.deepEqual(home.authority.teams.list(), [])
  const made = await applied(t, FLEET, '--yes')
  assert.deepEqual([made.applied, made.changes.length], [true, 2])
  const agent = home.authority.agents.find('mail-sorter')
  assert.deepEqual(
    [agent.owner, agent.state, agent.environment, agent.roles],
    ['team:mail', 'active', 'production', ['deploy', 'mail']],
  )
  assert.deepEqual(await applied(t, FLEET, '--yes'), { applied: false, changes: [] })
})

test('people see what differs before they are asked, and without a yes nothing changes', async (t) => {
  const text = FLEET.replace('risk: high', 'risk: low').replace('  - mail\n', '')
  const { code, err } = await cli.run(t, ['apply', '-f', '-'], { input: text })
  assert.equal(code, 2)
  assert.match(
    err,
    /^~ agent mail-sorter\n {4}risk: high → low\n {4}roles: deploy .*, mail .* → deploy until 2026-02-01T00:00:00\.000Z \(on call this month\)\n/,
  )
  assert.match(err, /cli\.confirmation/)
  assert.equal(home.authority.agents.find('mail-sorter').risk, 'high')
})

test('a state that a document does not speak of is left alone', async (t) => {
  const why = { person: home.ada.id, reason: 'an incident' }
  await home.authority.agents.update('mail-sorter', { state: 'suspended' }, why)
  assert.deepEqual((await applied(t, FLEET, '--yes')).changes, [])
  assert.equal(home.authority.agents.find('mail-sorter').state, 'suspended')
  const back = await applied(t, FLEET.replace('risk: high', 'risk: high\nstate: active'), '--yes')
  assert.deepEqual(back.changes[0]?.members, [{ member: 'state', from: 'suspended', to: 'active' }])
})

test('what is wrong is named with its line, and nothing is changed', async (t) => {
  const before = home.authority.agents.list()
  for (const [text, said] of [
    [
      'kind: agent\nname: x\nowner: ada\npurpose: p\nrole: admin\n',
      /input:5:1: `role` is not known/,
    ],
    [
      'kind: agent\nname: x\nowner: ada\npurpose: p\nroles: [a, a]\n',
      /:5:\d+: roles: names a role twice/,
    ],
    ['kind: agent\nname: X\nowner: ada\npurpose: p\n', /:2:1: name: /],
    ['kind: gent\nname: x\n', /:1:1: a document has a kind: person, team, agent/],
    ['- kind: agent\n', /a document has a kind/],
    ['__proto__: {kind: agent}\nname: x\n', /a document has a kind/],
    [
      'kind: agent\nname: x\nowner: ada\npurpose: p\n__proto__: {state: active}\n',
      /:5:1: `__proto__` is not known/,
    ],
    ['kind: team\nname: t\nmembers: []\n', /:3:1: members: /],
    ['kind: team\nname: t\nmembers: [ada]\n---\nkind: team\nname: t\nmembers: [ada]\n', /already/],
    ['kind: person\nname: nobody\nroles: [operator]\n', /nobody here has this name/],
    ['kind: agent\nname: x\nowner: ada\npurpose: p\nstate: retired\n', /cannot be retired/],
    ['a: &a [1]\nb: *a\n', /anchors are not taken/],
  ] as const) {
    assert.match(await refused(t, text), said, text)
  }
  assert.deepEqual(home.authority.agents.list(), before)
})

test('a refusal of the server stops there, with the document, its line and what was done before', async (t) => {
  const agent = (name: string, owner: string) =>
    `kind: agent\nname: ${name}\nowner: ${owner}\npurpose: p\n`
  const err = await refused(t, [agent('a-one', 'ada'), agent('a-two', 'nobody')].join('---\n'))
  assert.match(
    err,
    /standard input:6: agent a-two: .*`nobody`.*; 1 of 2 changes were made before it \(person\.unknown\)/,
  )
  assert.ok(home.authority.agents.get('a-one'))
})

test('--prune retires what no document names, and never everything', async (t) => {
  await applied(t, 'kind: agent\nname: old\nowner: ada\npurpose: p\n', '--yes')
  assert.match(await refused(t, '', '--prune'), /apply\.prune/)
  assert.match(
    await refused(t, 'kind: team\nname: mail\nmembers: [ada]\n', '--prune'),
    /apply\.prune/,
  )
  const dry = await cli.run(t, ['apply', '-f', '-', '--prune', '--dry-run'], { input: FLEET })
  assert.match(dry.out, /^- agent old is retired, for good$/m)
  assert.equal(home.authority.agents.find('old').state, 'active')
  await applied(t, FLEET, '--prune', '--yes')
  assert.equal(home.authority.agents.find('old').state, 'retired')
  assert.deepEqual((await applied(t, FLEET, '--prune', '--yes')).changes, [])
  const gone = 'kind: agent\nname: old\nowner: ada\npurpose: p\n'
  assert.match(await refused(t, gone), /retired, and does not come back/)
})

test('a folder is applied as a whole, and a file that is too large or no text is not', async (t) => {
  const shell = new FakeShell(t)
  const folder = join(shell.cwd, 'fleet')
  mkdirSync(join(folder, 'deep'), { recursive: true })
  writeFileSync(join(folder, 'a.yaml'), FLEET)
  writeFileSync(join(folder, 'deep', 'b.yml'), 'kind: team\nname: ops\nmembers: [ada]\n')
  writeFileSync(join(folder, '.hidden.yaml'), 'nonsense')
  const { code, out, err } = await cli.run(t, ['apply', '-f', folder, '--yes'])
  assert.equal(code, 0, err)
  assert.equal(out, 'made 1 changes\n')
  writeFileSync(join(folder, 'c.yaml'), `# ${'x'.repeat(1_048_576)}`)
  assert.match((await cli.run(t, ['apply', '-f', folder])).err, /apply\.limit/)
  writeFileSync(join(folder, 'c.yaml'), new Uint8Array([0xff, 0xfe]))
  assert.match((await cli.run(t, ['apply', '-f', folder])).err, /not UTF-8/)
  assert.match((await cli.run(t, ['apply', '-f', join(folder, 'none')])).err, /cli\.file/)
})

test('roles of people are applied, and an operator has no more rights here than elsewhere', async (t) => {
  const text = 'kind: person\nname: grace\nroles: [operator, approver]\n'
  assert.equal((await applied(t, text, '--yes')).changes.length, 1)
  assert.deepEqual(home.authority.people.find('grace').roles, ['approver', 'operator'])
  assert.deepEqual((await applied(t, text, '--yes')).changes, [])
  const own = 'kind: person\nname: ada\nroles: [operator]\n'
  assert.match(await refused(t, own), /person\.last_administrator/)
})

const role = fc.record(
  {
    role: fc.stringMatching(/^[a-z]{1,6}$/),
    reason: fc.stringMatching(/^[a-z#:'"&*! \u202e\u00e9-]{0,20}[a-z]$/).map((text) => text.trim()),
    expiresAt: fc.integer({ min: 1, max: 364 }).map((days) => home.clock.now() + days * DAY),
  },
  { requiredKeys: ['role'] },
)

const registration = fc.record(
  {
    purpose: fc.stringMatching(/^[a-z#:'"&*! \u202e\u00e9-]{0,30}[a-z]$/),
    owner: fc.constantFrom('ada', 'grace', 'team:mail'),
    roles: fc.uniqueArray(role, { maxLength: 4, selector: (one) => one.role }),
    unattended: fc.boolean(),
    taskless: fc.boolean(),
    environment: fc.constantFrom('default', 'production', 'no'),
    risk: fc.constantFrom('low', 'medium', 'high', 'critical'),
    reviewAt: fc.integer({ min: 1, max: 1_000 }).map((days) => home.clock.now() + days * DAY),
    state: fc.constantFrom('pending', 'active'),
    clients: fc.constantFrom([], ['https://b.example/x', 'https://a.example/x']),
  },
  { requiredKeys: ['purpose', 'owner', 'roles', 'unattended', 'taskless'] },
)

test('whatever is there, applying its export changes nothing', async (t) => {
  let count = 0
  await fc.assert(
    fc.asyncProperty(registration, async (of) => {
      const name = `any-${++count}`
      await home.authority.agents.register({ ...of, name }, { person: home.ada.id })
      const written = await cli.run(t, ['export'])
      assert.equal(written.code, 0, written.err)
      assert.ok(written.out.includes(`name: ${name}\n`) || written.out.includes(`"${name}"`))
      const again = await applied(t, written.out, '--yes')
      assert.deepEqual(again, { applied: false, changes: [] })
    }),
    { numRuns: 25 },
  )
})

test('an export applied to what was changed meanwhile brings it back', async (t) => {
  const { out } = await cli.run(t, ['export', '--kind', 'agent'])
  const why = { person: home.ada.id, reason: 'drift' }
  await home.authority.agents.update('mail-sorter', { purpose: 'drifted', roles: [] }, why)
  const back = await applied(t, out, '--yes')
  assert.deepEqual(
    back.changes.map(({ name, members }) => [name, members.map(({ member }) => member)]),
    [['mail-sorter', ['purpose', 'roles']]],
  )
  assert.deepEqual(home.authority.agents.find('mail-sorter').roles, ['deploy', 'mail'])
})

test('the documents that the page about them shows are documents', () => {
  const page = readFileSync(new URL('../../docs/operate/apply.md', import.meta.url), 'utf8')
  const blocks = [...page.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, text]) => text ?? '')
  const kinds = kindsAt(() => 0)
  const read = blocks.flatMap((text) => wantedOf(readYaml({ file: 'apply.md', text }), kinds))
  assert.deepEqual(
    read.map(({ kind }) => kind.kind),
    ['agent', 'team', 'person', 'trust', 'trust', 'registration', 'system'],
  )
})
