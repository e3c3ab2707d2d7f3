// Holds the tests of the command line as a whole: words, answers, errors and exit codes, against a listener that checks proofs.

import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fakeControl, fakeProblem } from '../../test/fakes/control-server.ts'
import { FakeShell } from '../../test/fakes/shell.ts'
import { run } from './program.ts'
import { ReaderLeft } from './shell.ts'

const AGENT = {
  name: 'scout',
  purpose: 'looks\u001b[2J around',
  owner: 'olga',
  orphaned: false,
  roles: ['guide'],
  assignments: [],
  unattended: false,
  taskless: false,
  observe: null,
  environment: 'default',
  risk: 'medium',
  review_at: null,
  expires_at: null,
  clients: [],
  state: 'active',
  because: null,
  created_at: '2025-12-31T23:00:00.000Z',
  instances_live: 2,
}

test('help is data on standard output, and names every command', async (t) => {
  const shell = new FakeShell(t)
  assert.equal(await run(['--help'], shell), 0)
  for (const noun of ['status', 'agent', 'system', 'approval', 'audit', 'call', 'mcp']) {
    assert.match(shell.stdout.text, new RegExp(`^ {2}${noun} `, 'm'))
  }
  assert.equal(shell.stderr.text, '')
})

test('words that are wrong exit with 2, in one form for people and one for programs', async (t) => {
  for (const argv of [
    ['nonsense'],
    ['agent'],
    ['agent', 'frobnicate'],
    ['agent', 'ls', '--bogus'],
    ['agent', 'add', 'scout'],
    ['lock', 'add', 'planet', 'x', '--reason', 'r'],
    ['call', 'fs', 'read', '--as', 'scout', '--json', '{"a":1,"a":2}'],
    ['call', 'fs', 'read', '--as', 'No Name'],
    ['system', 'add', 'fs', '--env', 'TOKEN=secret', '--', 'true'],
    ['completion', 'tcsh'],
    ['-o', 'yaml', 'version'],
  ]) {
    const shell = new FakeShell(t)
    assert.equal(await run(argv, shell), 2, argv.join(' '))
    assert.match(shell.stderr.text, /^error: .+ \(cli\.usage\)\nnext: .+\n$/)
    assert.doesNotMatch(shell.stderr.text, /secret/)
    assert.equal(shell.stdout.text, '')
    const other = new FakeShell(t)
    assert.equal(
      await run(
        [
          '-o',
          'json',
          ...argv.filter((word) => !/^(-o|yaml)$/.test(word)),
          ...(argv[0] === '-o' ? ['--bogus'] : []),
        ],
        other,
      ),
      2,
    )
    const told = JSON.parse(other.stderr.text) as { error: { code: string; next: string } }
    assert.equal(told.error.code, 'cli.usage')
    assert.ok(told.error.next.length > 0)
  }
})

test('without a credential, or with one that others can read, authentication is needed', async (t) => {
  const shell = new FakeShell(t)
  assert.equal(await run(['whoami'], shell), 4)
  assert.match(shell.stderr.text, /cli\.no_operator/)
  await fakeControl(t, join(shell.cwd, 'home'), () => fakeProblem(500, 'never.asked'))
  chmodSync(join(shell.cwd, 'home', 'operator.json'), 0o640)
  const exposed = new FakeShell(t)
  assert.equal(await run(['whoami', '--home', join(shell.cwd, 'home')], exposed), 4)
  assert.match(exposed.stderr.text, /mode 0640.*cli\.operator_exposed/)
  const broken = new FakeShell(t)
  mkdirSync(join(broken.cwd, 'home'))
  writeFileSync(join(broken.cwd, 'home', 'operator.json'), '{"key":{"d":"SECRET"', { mode: 0o600 })
  assert.equal(await run(['whoami'], broken), 4)
  assert.match(broken.stderr.text, /cli\.operator_file/)
  assert.doesNotMatch(broken.stderr.text, /SECRET/)
})

test('a server that does not run, or answers nonsense, is told apart', async (t) => {
  const shell = new FakeShell(t)
  const { port } = await fakeControl(t, join(shell.cwd, 'home'), () => ({
    status: 200,
    body: 'no',
  }))
  assert.equal(await run(['whoami'], shell), 1)
  assert.match(shell.stderr.text, /not JSON \(cli\.answer\)/)
  const gone = new FakeShell(t)
  const file = readFileSync(join(shell.cwd, 'home', 'operator.json'), 'utf8')
  mkdirSync(join(gone.cwd, 'home'))
  const nobody = file.replace(`:${port}`, ':1')
  writeFileSync(join(gone.cwd, 'home', 'operator.json'), nobody, { mode: 0o600 })
  assert.equal(await run(['whoami'], gone), 1)
  assert.match(gone.stderr.text, /nothing answers at http:\/\/127\.0\.0\.1:1 \(cli\.unreachable\)/)
})

test('agents are a table for people and exactly the API’s JSON for programs', async (t) => {
  const shell = new FakeShell(t)
  const { calls } = await fakeControl(t, join(shell.cwd, 'home'), () => ({
    status: 200,
    body: { agents: [AGENT], next: null },
  }))
  assert.equal(await run(['agent', 'ls'], shell), 0)
  assert.match(
    shell.stdout.text,
    /^NAME +STATE +LIVE +OWNER +ENVIRONMENT +ROLES +PURPOSE\nscout +active +2 +olga +default +guide +looks\\u001b\[2J around\n$/,
  )
  const json = new FakeShell(t)
  assert.equal(await run(['agent', 'ls', '-o', 'json', '--home', join(shell.cwd, 'home')], json), 0)
  assert.deepEqual(JSON.parse(json.stdout.text), { agents: [AGENT] })
  assert.equal(json.stderr.text, '')
  assert.deepEqual(calls[0], { method: 'GET', path: '/v1/agents?limit=1000', body: undefined })
})

test('a refusal keeps its code, and its lines for a policy', async (t) => {
  const shell = new FakeShell(t)
  const problem = { file: 'a.cedar', line: 3, column: 7, code: 'policy.parse', message: 'no `;`' }
  await fakeControl(t, join(shell.cwd, 'home'), () =>
    fakeProblem(422, 'policy.invalid', { problems: [problem] }),
  )
  writeFileSync(join(shell.cwd, 'a.cedar'), 'permit')
  assert.equal(await run(['policy', 'apply', 'a.cedar', '--yes'], shell), 1)
  assert.match(
    shell.stderr.text,
    /error: it is so \(policy\.invalid\)\n {2}a\.cedar:3:7: no `;`\nnext: do that\n/,
  )
  assert.equal(await run(['policy', 'apply', 'nowhere', '--yes'], shell), 1)
  assert.match(shell.stderr.text, /cli\.file/)
})

test('what needs a yes is refused where nobody can be asked, before anything is changed', async (t) => {
  const shell = new FakeShell(t)
  const digest = `sha256:${'A'.repeat(43)}`
  const { calls } = await fakeControl(t, join(shell.cwd, 'home'), () => ({
    status: 200,
    body: { digest, applied: false, added: ['x'], removed: [], changed: [], warnings: [] },
  }))
  writeFileSync(join(shell.cwd, 'a.cedar'), '@id("x") permit (principal, action, resource);')
  assert.equal(await run(['policy', 'apply', '.'], shell), 2)
  assert.match(shell.stderr.text, /\+ x\n.*cli\.confirmation/s)
  assert.deepEqual(
    calls.map(({ body }) => (body as { dry_run: boolean }).dry_run),
    [true],
  )
  assert.equal(await run(['policy', 'apply', '.', '--yes'], shell), 0)
  assert.deepEqual(
    calls.map(({ body }) => (body as { dry_run: boolean }).dry_run),
    [true, true, false],
  )
  assert.equal(await run(['lock', 'add', 'agent', 'scout'], shell), 2)
  assert.match(shell.stderr.text, /a reason is missing/)
})

test('a join token is shown once on standard output, or written to a file of this account alone', async (t) => {
  const shell = new FakeShell(t)
  const token = {
    token: 'bwj1.x.y',
    agent: 'scout',
    expires_at: '2026-01-01T00:10:00.000Z',
    identity_url: 'https://127.0.0.1:7402',
    on_behalf_of: 'olga',
    task: null,
  }
  await fakeControl(t, join(shell.cwd, 'home'), () => ({ status: 200, body: token }))
  assert.equal(await run(['agent', 'token', 'scout'], shell), 0)
  assert.equal(shell.stdout.text, 'bwj1.x.y\n')
  assert.doesNotMatch(shell.stderr.text, /bwj1/)
  const quiet = new FakeShell(t)
  const home = ['--home', join(shell.cwd, 'home')]
  assert.equal(await run(['agent', 'token', 'scout', '--out', 'token', ...home], quiet), 0)
  const file = join(quiet.cwd, 'token')
  assert.equal(readFileSync(file, 'utf8'), 'bwj1.x.y\n')
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.doesNotMatch(quiet.stdout.text + quiet.stderr.text, /bwj1/)
  assert.equal(await run(['agent', 'token', 'scout', '--out', 'token', ...home], quiet), 1)
  assert.match(quiet.stderr.text, /is there already/)
})

test('a person’s key is made here, and a refusal leaves no file behind', async (t) => {
  const shell = new FakeShell(t)
  let refused = false
  const { calls } = await fakeControl(t, join(shell.cwd, 'home'), ({ body }) => {
    if (refused) return fakeProblem(409, 'person.exists')
    const { name, roles } = body as { name: string; roles: string[] }
    const credentials = [{ kid: 'kid-of-the-server', created_at: '2026-01-01T00:00:00.000Z' }]
    const person = {
      id: 'per_2',
      name,
      roles,
      local_roles: roles,
      state: 'active',
      created_at: '2026-01-01T00:00:00.000Z',
      credentials,
      passkeys: [],
      external: [],
    }
    return { status: 201, body: person }
  })
  assert.equal(
    await run(['person', 'add', 'anna', '--role', 'approver', '--out', 'anna.json'], shell),
    0,
  )
  const file = JSON.parse(readFileSync(join(shell.cwd, 'anna.json'), 'utf8')) as {
    kid: string
    person: string
    key: { d: string }
  }
  assert.equal(file.kid, 'kid-of-the-server')
  assert.equal(file.person, 'per_2')
  assert.equal(statSync(join(shell.cwd, 'anna.json')).mode & 0o777, 0o600)
  assert.ok(!JSON.stringify(calls).includes(file.key.d))
  assert.ok(!shell.stdout.text.includes(file.key.d))
  refused = true
  assert.equal(await run(['person', 'add', 'anna', '--out', 'again.json'], shell), 1)
  assert.equal(existsSync(join(shell.cwd, 'again.json')), false)
})

test('audit tail -f shows what was there and then what comes, each record once', async (t) => {
  const shell = new FakeShell(t)
  const entry = (n: number) => ({
    index: n,
    leaf: `leaf${n}`,
    record: {
      v: 1,
      id: `r${n}`,
      type: 'call.denied',
      phase: 'decision',
      ts: '2026-01-01T00:00:00.000Z',
      agent: 'scout',
      system: 'fs',
      action: 'read',
      body: { code: 'policy.denied', n: 1 },
    },
  })
  await fakeControl(t, join(shell.cwd, 'home'), ({ path }) =>
    path.startsWith('/v1/audit/tail')
      ? `: alive\n\nevent: record\ndata: ${JSON.stringify(entry(1))}\n\nevent: record\r\ndata: ${JSON.stringify(entry(2))}\r\n\r\n`
      : { status: 200, body: { records: [entry(1), entry(0)], next: null } },
  )
  assert.equal(await run(['audit', 'tail', '-f', '-o', 'json'], shell), 1)
  const indices = shell.stdout.text
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { index: number }).index)
  assert.deepEqual(indices, [0, 1, 2])
  assert.match(shell.stderr.text, /cli\.unreachable/)
})

test('an interrupt ends a command that waits, with 130', async (t) => {
  const shell = new FakeShell(t)
  await fakeControl(t, join(shell.cwd, 'home'), () => {
    setImmediate(() => shell.interrupt.abort())
    return { status: 200, body: { approvals: [] } }
  })
  assert.equal(await run(['approval', 'watch'], shell), 130)
})

test('a reader that leaves ends a command without a word', async (t) => {
  const shell = new FakeShell(t)
  await fakeControl(t, join(shell.cwd, 'home'), () => {
    setImmediate(() => shell.interrupt.abort(new ReaderLeft()))
    return { status: 200, body: { approvals: [] } }
  })
  assert.equal(await run(['approval', 'watch', '-o', 'json'], shell), 0)
  assert.equal(shell.stderr.text, '')
})

test('completion knows the verbs of every noun', async (t) => {
  for (const name of ['bash', 'zsh', 'fish']) {
    const shell = new FakeShell(t)
    assert.equal(await run(['completion', name], shell), 0)
    assert.match(shell.stdout.text, /approve/)
    assert.match(shell.stdout.text, /reason/)
  }
})
