// Holds attacks on the life of a policy: observe mode, proposals, kept traffic, and everything that reads files of others.

import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import { proposalKept } from '../../src/authority/registry/proposal-replay.ts'
import { agentKept } from '../../src/authority/replay-kept.ts'
import { run } from '../../src/cli/program.ts'
import { compilePolicySet, MAX_SET_BYTES } from '../../src/policy/load.ts'
import { hearPolicy, restorePolicy } from '../../src/server/policy-versions.ts'
import { LivePolicy } from '../../src/server/live-policy.ts'
import { canonicalJson } from '../../src/std/json.ts'
import type { Agent } from '../../src/store/rows/agent.ts'
import type { TrafficEntry } from '../../src/wire/traffic.ts'
import { AuthorityHome, faultOf, systemNamed, withAuthority } from '../fakes/authority.ts'
import { ControlHome, type FakeOperator } from '../fakes/control.ts'
import { FakeShell } from '../fakes/shell.ts'

const DAY = 86_400_000

let home: ControlHome
let grace: FakeOperator
let olaf: FakeOperator

before(async () => {
  home = await ControlHome.open()
  grace = await home.person('grace', ['administrator'])
  olaf = await home.person('olaf', ['operator'])
})
after(() => home.close())

function bot(own: AuthorityHome, person: string) {
  return {
    registration: {
      name: 'bot',
      owner: person,
      purpose: 'is attacked',
      roles: [],
      unattended: false,
    },
    word: { person, reason: 'because of a test' },
    now: () => own.clock.now(),
  }
}

test('INV-2 observe mode ends by the clock, at most seven days off, and for agents that act alone', async () => {
  await withAuthority(async (own, { agents, people }) => {
    const { id } = await people.create({ name: 'ada', roles: ['administrator'] })
    const { registration, word, now } = bot(own, id)
    await agents.register(registration, word)
    for (const until of [now(), now() - 1, now() + 7 * DAY + 1, Number.NaN, 1e300, now() + 0.5]) {
      await assert.rejects(agents.observe('bot', { until }, word), faultOf('agent.observe'))
    }
    await agents.observe('bot', { until: now() + 7 * DAY }, word)
    assert.equal(agents.observed('bot'), true)
    own.clock.advance(7 * DAY - 1)
    assert.equal(agents.observed('bot'), true)
    own.clock.advance(1)
    assert.equal(agents.observed('bot'), false, 'before anything was written about it')
    assert.equal(agents.find('bot').observe, undefined)
    await agents.sweep()
    assert.ok(own.audit.types().includes('agent.observe_ended'))
    await agents.observe('bot', { until: now() + DAY }, word)
    await agents.update('bot', { state: 'suspended' }, word)
    assert.equal(agents.observed('bot'), false)
    await assert.rejects(
      agents.observe('bot', { until: now() + 1 }, word),
      faultOf('agent.observe'),
    )
  })
})

test('INV-2 an operator cannot observe, and can enforce', async () => {
  const body = { name: 'watched', purpose: 'is attacked', roles: [] }
  await home.read('POST', '/v1/agents', { body })
  const reason = 'because of a test'
  await home.read('POST', '/v1/agents/watched/observe', { as: olaf, body: { reason } }, 403)
  await home.read('POST', '/v1/agents/watched/observe', { body: {} }, 400)
  await home.read('POST', '/v1/agents/watched/observe', { body: { reason } })
  const approvals = await home.read('GET', '/v1/agents/watched')
  assert.notEqual(approvals['observe'], null)
  const after = await home.read('POST', '/v1/agents/watched/enforce', {
    as: olaf,
    body: { reason },
  })
  assert.equal(after['observe'], null)
})

test('INV-13 observe mode that the log has ended does not come back with a backup', () => {
  const observe = { until: 5_000, by: 'per_1', reason: 'x', at: 1 }
  const agent: Agent = {
    name: 'bot',
    owner: 'per_1',
    purpose: 'x',
    roles: [],
    unattended: false,
    state: 'active',
    createdAt: 0,
    observe,
  }
  const word = {
    roles: [],
    state: 'active',
    unattended: false,
    environment: 'default',
    clients: [],
  }
  assert.equal(agentKept(agent, word)?.observe, undefined)
  assert.notEqual(agentKept(agent, word), undefined)
  assert.equal(agentKept(agent, { ...word, observe: { until: 5_000 } }), undefined)
  assert.equal(agentKept(agent, { ...word, observe: { until: 4_000 } })?.observe?.until, 4_000)
  assert.equal(agentKept(agent, { ...word, observe: { until: 9_000 } }), undefined)
})

const PERMIT = '@id("all") permit (principal, action, resource);'

function propose(text: string, reason = 'because of a test') {
  return { body: { sources: [{ file: 'a.cedar', text }], reason } }
}

test('four eyes: nobody approves their own, nobody twice, nobody late, and none that was withdrawn', async () => {
  home.fourEyes = true
  try {
    const path = (id: unknown, verb: string) => `/v1/policies/proposals/${String(id)}/${verb}`
    const reason = { body: { reason: 'because of a test' } }
    const made = await home.read('POST', '/v1/policies', propose(PERMIT))
    assert.equal(made['applied'], false)
    assert.equal((await home.read('GET', '/v1/policies'))['digest'], null)
    await home.read('POST', path(made['proposal'], 'approve'), reason, 403)
    await home.read('POST', path(made['proposal'], 'approve'), { ...reason, as: olaf }, 403)
    await home.read('POST', path(made['proposal'], 'approve'), { ...reason, as: grace })
    await home.read('POST', path(made['proposal'], 'approve'), { ...reason, as: grace }, 404)
    const late = await home.read(
      'POST',
      '/v1/policies',
      propose(`${PERMIT} `.repeat(1) + '// late'),
    )
    const other = await home.read('POST', '/v1/policies', propose(PERMIT.replace('all', 'other')))
    await home.read('POST', path(other['proposal'], 'reject'), reason)
    await home.read('POST', path(other['proposal'], 'approve'), { ...reason, as: grace }, 404)
    home.clock.advance(8 * DAY)
    await home.read('POST', path(late['proposal'], 'approve'), { ...reason, as: grace }, 409)
    assert.deepEqual((await home.read('GET', '/v1/policies/proposals'))['proposals'], [])
    const { versions } = (await home.read('GET', '/v1/policies/versions')) as {
      versions: Record<string, unknown>[]
    }
    assert.deepEqual(
      versions.map((one) => [one['applied_by'], one['approved_by']]),
      [['ada', 'grace']],
    )
    // Going back is a change like any other.
    const back = await home.read('POST', '/v1/policies/rollback', {
      body: { version: versions[0]!['id'], reason: 'same' },
    })
    assert.equal(back['proposal'], undefined, 'what is in force already needs nobody')
  } finally {
    home.fourEyes = false
  }
})

test('INV-13 a proposal that is forged, edited or opened again in the database is none', async () => {
  const own = new AuthorityHome()
  try {
    const opened = await own.open()
    const { people } = opened
    let { proposals } = opened
    const { id: ada } = await people.create({ name: 'ada', roles: ['administrator'] })
    const { id: bob } = await people.create({ name: 'bob', roles: ['administrator'] })
    const set = { digest: 'sha256:x', sources: [{ file: 'a.cedar', text: PERMIT }] }
    const word = { person: ada, reason: 'because of a test' }
    const { id } = await proposals.propose(set, word)
    await own.editByHand(`update proposals set doc = replace(doc, '${ada}', '${bob}')`)
    ;({ proposals } = await own.open())
    await assert.rejects(
      proposals.approve(id, { person: ada, reason: 'as another' }),
      faultOf('policy.proposal_unknown'),
    )
    const kept = proposalKept(
      { id, ...set, ...word, createdAt: 1, expiresAt: 9e15, state: 'open' },
      { proposal: id, reason: 'not wanted' },
    )
    assert.deepEqual([kept?.state, kept?.sources], ['rejected', []])
  } finally {
    await own.dispose()
  }
})

test('INV-13 a policy version from before, put back with the whole database, is not in force', async () => {
  await withAuthority(async (_, authority) => {
    const { policies, people } = authority
    const { id: person } = await people.create({ name: 'ada', roles: ['administrator'] })
    const set = { digest: 'sha256:old', sources: [{ file: 'a.cedar', text: PERMIT }] }
    const { id } = await policies.apply(set, { person, reason: 'the first' })
    const tail = (version: string) => () =>
      Promise.resolve([{ record: { body: { version } } }] as never)
    const policy = new LivePolicy()
    await hearPolicy(authority, { tail: tail(id) })
    restorePolicy({ authority, policy })
    assert.equal(policy.set.policies.size, 1)
    const restored = new LivePolicy()
    await hearPolicy(authority, { tail: tail('019aaaaa-0000-7000-8000-00000000ffff') })
    restorePolicy({ authority, policy: restored })
    assert.equal(restored.set.policies.size, 0)
    assert.equal(restored.problems[0]?.code, 'policy.outdated')
    // The same set counts again once somebody applied it, and is a version of its own.
    const again = await policies.apply(set, { person, reason: 'on purpose' })
    assert.notEqual(again.id, id)
    assert.equal(policies.outdated, false)
  })
})

function entry(call: string, input: Record<string, string>): TrafficEntry {
  return {
    call,
    answer: 'deny',
    by: [],
    policySet: 'sha256:x',
    request: {
      agent: { instance: 'i', name: 'bot', roles: [] },
      person: { id: 'per_1', roles: [] },
      system: 'files',
      action: 'read_file',
      input,
      effects: ['read'],
      now: home.clock.now(),
      setAside: new Set(),
    },
  }
}

test('INV-7 kept traffic that is not what the record says is marked, call by call', async () => {
  await home.authority.systems.pin(systemNamed('files'), {
    person: home.ada.id,
    reason: 'because of a test',
  })
  const ids = [1, 2, 3, 4].map((at) => `019aaaaa-0000-7000-8000-00000000000${at}`)
  const record = (call: string, input: Record<string, string>, agent = 'bot') =>
    home.audit.append({
      type: 'call.denied',
      phase: 'decision',
      call,
      agent,
      instance: 'i',
      system: 'files',
      action: 'read_file',
      body: {
        arguments: `hmac-sha256:${canonicalJson(input)}`,
        decision: { answer: 'deny', policy_set: 'sha256:x', parties: [] },
      },
    })
  await record(ids[0]!, { path: 'a' })
  await record(ids[1]!, { path: 'what was really sent' })
  await record(ids[2]!, { path: 'c' }, 'somebody-else')
  for (const [at, path] of ['a', 'b', 'c', 'd'].entries()) {
    home.traffic.keep(entry(ids[at]!, { path }))
  }
  const permit = '@id("all") @without("user, task") permit (principal, action, resource);'
  const since = new Date(home.clock.now() - 1000).toISOString()
  const body = { sources: [{ file: 'a.cedar', text: permit }], since }
  await home.read('POST', '/v1/policies/replay', { body, as: olaf }, 403)
  const page = await home.read('POST', '/v1/policies/replay', { body })
  assert.deepEqual([page['calls'], page['newly_allowed'], page['damaged']], [4, 4, 0])
  assert.deepEqual(
    (page['changes'] as Record<string, unknown>[]).map((one) => one['record']),
    ['agrees', 'deviates', 'deviates', 'missing'],
  )
  for (const cursor of ['../../etc/passwd', '2026-01-01-1.traffic:0', '/x.traffic:0:0', 'x:1:1']) {
    const refused = { body: { ...body, cursor } }
    await home.read('POST', '/v1/policies/replay', refused, 400)
  }
  const far = { body: { ...body, cursor: '2026-01-01-999.traffic:5:99999' } }
  assert.equal((await home.read('POST', '/v1/policies/replay', far))['calls'], 0)
})

function offline(t: TestContext): { shell: FakeShell; folder: string } {
  const shell = new FakeShell(t)
  const folder = join(shell.cwd, 'policies')
  mkdirSync(folder)
  const facts = {
    systems: [
      {
        name: 'files',
        actions: [{ name: 'read', effects: ['read'], input_schema: { type: 'object' } }],
      },
    ],
    agents: [],
    people: [],
  }
  writeFileSync(join(shell.cwd, 'facts.json'), JSON.stringify(facts))
  writeFileSync(join(folder, 'a.cedar'), PERMIT)
  return { shell, folder }
}

const FACTS = ['--systems', 'facts.json']

test('INV-10 YAML that expands, repeats, nests without end or is too large is refused by its place', async (t) => {
  const bombs: Record<string, string> = {
    anchors: 'given: &a { now: 2026-01-01T00:00:00Z }\ntests: [*a]\n',
    bomb: `a: &a [x,x,x,x]\nb: &b [*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b]\ntests: [*c]\n`,
    merge:
      'given: { <<: { agent: { name: x } } }\ntests: [{ name: x, action: a/b, expect: deny }]\n',
    tags: 'tests: !!js/function "x"\n',
    twice: 'tests: []\ntests: []\n',
    deep: `tests: ${'['.repeat(2_000)}${']'.repeat(2_000)}\n`,
    large: `tests: "${'x'.repeat(1_100_000)}"\n`,
    unknown:
      'tests: [{ name: x, agent: { name: a }, action: files/read, expect: deny, effects: [read] }]\n',
    proto: 'tests: [{ name: x, __proto__: { expect: allow } }]\n',
    none: '',
  }
  for (const [name, text] of Object.entries(bombs)) {
    const { shell, folder } = offline(t)
    writeFileSync(join(folder, 'x.test.yaml'), text)
    const code = await run(['policy', 'test', 'policies', ...FACTS], shell)
    assert.ok(code === 1 || code === 2, `${name}: ${code}`)
    assert.match(shell.stderr.text, /apply\.(document|limit)|cli\.file/, name)
    assert.equal(shell.stdout.text, '', name)
  }
})

test('INV-12 an integer that YAML would round is refused rather than tested wrongly', async (t) => {
  const { shell, folder } = offline(t)
  const text = `tests: [{ name: x, agent: { name: a }, action: files/read, input: { n: 9007199254740993 }, expect: allow }]\n`
  writeFileSync(join(folder, 'x.test.yaml'), text)
  assert.equal(await run(['policy', 'test', 'policies', ...FACTS], shell), 1)
  assert.match(shell.stdout.text, /beyond 2\^53/)
})

test('text of policies and tests cannot speak to the terminal', async (t) => {
  const { shell, folder } = offline(t)
  const evil = '\u001b]0;owned\u0007\u001b[2J\u202e'
  writeFileSync(join(folder, 'b.cedar'), `@id("x${evil}") permit (principal, action, resource);`)
  assert.equal(await run(['policy', 'check', 'policies', ...FACTS], shell), 1)
  writeFileSync(
    join(folder, 'b.cedar'),
    `@id("b") permit (principal in Role::"r${evil}", action, resource);`,
  )
  await run(['policy', 'check', 'policies', ...FACTS], shell)
  const test = `tests: [{ name: "n\\x1b]0;owned\\x07", agent: { name: a }, action: files/read, expect: deny, because: "\\x1b[2J" }]\n`
  writeFileSync(join(folder, 'x.test.yaml'), test)
  await run(['policy', 'test', 'policies', ...FACTS, '--junit', 'out.xml'], shell)
  await run(['policy', 'diff', 'policies', 'policies/a.cedar', ...FACTS], shell)
  const all =
    shell.stdout.text + shell.stderr.text + readFileSync(join(shell.cwd, 'out.xml'), 'utf8')
  assert.ok(all.length > 500)
  // eslint-disable-next-line no-control-regex
  assert.doesNotMatch(all, /[\u0000-\u0008\u000b-\u001f\u007f\u202e]/)
})

test('a path that leads out by a link, or names what is no policy, is not read', async (t) => {
  const { shell, folder } = offline(t)
  const { symlinkSync } = await import('node:fs')
  writeFileSync(join(shell.cwd, 'secret'), 'hunter2')
  symlinkSync(join(shell.cwd, 'secret'), join(folder, 'linked.cedar'))
  symlinkSync(shell.cwd, join(folder, 'out'))
  assert.equal(await run(['policy', 'check', 'policies', ...FACTS], shell), 0)
  assert.equal(await run(['policy', 'check', '../../../../etc', ...FACTS], shell), 1)
  assert.doesNotMatch(shell.stdout.text + shell.stderr.text, /hunter2|root:/)
  assert.deepEqual(readdirSync(folder).sort(), ['a.cedar', 'linked.cedar', 'out'])
})

test('10 MB of policy are refused by name before anything reads them, over the API as well', async () => {
  const text = '@id("x") permit(principal, action, resource);\n'.repeat(230_000)
  assert.ok(text.length > MAX_SET_BYTES)
  const compiled = compilePolicySet({ sources: [{ file: 'big.cedar', text }], systems: [] })
  assert.deepEqual(compiled.ok ? [] : compiled.problems.map(({ code }) => code), [
    'policy.too_large',
  ])
  const before = await home.read('GET', '/v1/policies')
  const told = await home.ask('POST', '/v1/policies', propose(text))
  assert.ok([413, 422].includes(told.status), `${told.status}`)
  assert.deepEqual(await home.read('GET', '/v1/policies'), before)
})
