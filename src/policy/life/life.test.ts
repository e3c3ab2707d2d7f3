// Holds tests of the analysis, the trials, the coverage, the comparison and the suggestion of policies, over one small world.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PolicyTestFile } from '../../wire/policy-test.ts'
import type { SystemDefinition } from '../../wire/system.ts'
import type { TrafficEntry } from '../../wire/traffic.ts'
import { compilePolicySet } from '../load.ts'
import type { PolicySet } from '../set.ts'
import { analyse } from './analyse.ts'
import { headAsPermit, normalised, partsOf } from './clause.ts'
import { compareSets } from './compare.ts'
import { CoverageMeter } from './coverage.ts'
import type { Registered } from './registered.ts'
import { destinations, suggestion } from './suggest.ts'
import { tryTests } from './trial.ts'
import { Usage } from './usage.ts'

const object = (properties: Record<string, string>, required: string[] = []) => ({
  type: 'object',
  properties: Object.fromEntries(
    Object.entries(properties).map(([name, type]) => [name, { type }]),
  ),
  required,
})

const SYSTEM: SystemDefinition = {
  name: 'shop',
  transport: { kind: 'stdio', command: '/bin/true', args: [], env: [] },
  era: '2026-07-28',
  server: { name: 'shop', version: '1' },
  actions: [
    { name: 'look', inputSchema: object({}), effects: ['read'], digest: '' },
    {
      name: 'refund',
      inputSchema: object({ cents: 'integer', note: 'string' }, ['cents']),
      effects: ['write', 'spend'],
      digest: '',
    },
    {
      name: 'send',
      inputSchema: object({ to: 'string', url: 'string', file: 'string' }, ['to']),
      effects: ['write'],
      digest: '',
    },
  ],
  maxProcesses: 1,
  digest: '',
}

const REGISTERED: Registered = {
  agents: [
    { name: 'bot', roles: ['clerk'], environment: 'test', unattended: false, taskless: false },
  ],
  people: [{ id: 'per_1', name: 'ada', roles: ['operator', 'finance'] }],
  environments: { shop: 'test' },
}

function compiled(text: string): PolicySet {
  const made = compilePolicySet({ sources: [{ file: 'a.cedar', text }], systems: [SYSTEM] })
  assert.ok(made.ok, JSON.stringify(made))
  return made.set
}

const PERMIT = '@id("all") permit (principal in Role::"clerk", action, resource);\n'

/** What the analysis says, as `line:column code`. */
function found(text: string, registered: Registered = REGISTERED): string[] {
  return analyse(compiled(text), registered).map(
    ({ line, column, code }) => `${line}:${column} ${code.slice('policy.'.length)}`,
  )
}

test('what is well written has nothing to be said of it', () => {
  const gated =
    '@id("g") @gate("finance") forbid (principal in Role::"clerk", action == Action::"shop/refund", resource)\nwhen { context.input.cents > 100 };'
  assert.deepEqual(found(PERMIT + gated), [])
})

test('each check finds its own, at its place', () => {
  for (const [text, wanted] of [
    [
      '@id("x")\npermit (principal, action in Action::"effect:privileged", resource);',
      '1:1 unreachable',
    ],
    ['@id("x") permit (principal is Task, action, resource);', '1:1 unreachable'],
    [`${PERMIT.trim()} @id("x") permit (principal is Task, action, resource);`, '1:67 unreachable'],
    ['@id("x") permit (principal, action, resource == System::"other");', '1:1 unreachable'],
    [
      '@id("x") permit (principal, action, resource)\nwhen { 1 == 1 && false };',
      '2:1 never_applies',
    ],
    ['@id("x") forbid (principal, action, resource)\n  unless { true };', '2:3 never_applies'],
    ['@id("x") permit (principal, action, resource)\nwhen { true };', '2:1 redundant'],
    ['@id("x")\n@gate("financ")\nforbid (principal, action, resource);', '2:1 no_approver'],
    ['@id("x")\npermit (principal in Role::"clark", action, resource);', '2:22 unknown_name'],
    [
      '@id("x") permit (principal, action, resource)\nwhen { principal in Agent::"bat" };',
      '2:21 unknown_name',
    ],
    [
      '@id("x") permit (principal is Person, action, resource) when { principal == Person::"ada" };',
      '1:77 unknown_name',
    ],
    [
      '@id("x")\n@without("task")\npermit (principal in Role::"clerk", action, resource);',
      '2:1 never_counts',
    ],
  ] as const) {
    assert.ok(found(text).includes(wanted), `${text}: ${found(text).join(', ')}`)
  }
})

test('a name in a text or a comment is nobody’s', () => {
  const text = `${PERMIT}@id("x") @reason("Role::nobody") forbid (principal, action == Action::"shop/refund", resource)
when { context.input has note && context.input.note == "Role::\\"nobody\\"" }; // Role::"nobody"`
  assert.deepEqual(found(text), [])
})

test('a permit behind forbids that together cover it is shadowed; behind a gate or a condition it is not', () => {
  const wall = (id: string, action: string, more = '') =>
    `@id("${id}") ${more}forbid (principal, action == Action::"shop/${action}", resource);\n`
  const all = ['look', 'refund', 'send'].map((name) => wall(name, name)).join('')
  assert.deepEqual(found(PERMIT + all), ['1:1 shadowed'])
  assert.deepEqual(found(PERMIT + wall('look', 'look') + wall('refund', 'refund')), [])
  const gate = '@gate("finance") '
  const gated = ['look', 'refund', 'send'].map((name) => wall(name, name, gate)).join('')
  assert.deepEqual(found(PERMIT + gated), [])
  const other = all.replaceAll('(principal,', '(principal in Role::"finance",')
  assert.deepEqual(found(PERMIT + other), [], 'forbids for others')
  assert.deepEqual(
    found(
      PERMIT +
        all.replaceAll('resource);', 'resource) when { context.now < datetime("2026-01-01") };'),
    ),
    [],
  )
})

test('a permit inside a wider one is needless only where it says no more', () => {
  const narrow = (more = '', when = '') =>
    `@id("n") ${more}permit (principal in Role::"clerk", action == Action::"shop/look", resource)${when};`
  assert.deepEqual(found(PERMIT + narrow()), ['2:1 redundant'])
  assert.deepEqual(found(PERMIT + narrow('', ' when { context.now > datetime("2026-01-01") }')), [
    '2:1 redundant',
  ])
  assert.deepEqual(found(PERMIT + narrow('@crosses("environment") ')), [])
  const twin = PERMIT.replace('"all"', '"twin"')
  assert.deepEqual(found(PERMIT + twin), ['2:1 redundant'], 'of two equal ones the later')
  const big = (id: string, last: string) =>
    `@id("${id}") permit (principal in Role::"clerk", action == Action::"shop/refund", resource) when { context.input.cents == 900719925474099${last} };\n`
  assert.deepEqual(found(big('a', '2') + big('b', '3')), [], 'digits beyond 2^53 are compared')
})

test('a permit whose agents and systems never meet never counts', () => {
  const elsewhere = { ...REGISTERED, environments: { shop: 'prod' } }
  assert.deepEqual(found(PERMIT, elsewhere), ['1:1 never_counts'])
  assert.deepEqual(found(PERMIT.replace('permit', '@crosses("environment") permit'), elsewhere), [])
  const both = { ...elsewhere, people: [{ id: 'p', name: 'p', roles: ['clerk'] }] }
  assert.deepEqual(found(PERMIT, both), [], 'people have the role too')
})

test('clauses are found where strings and comments look like them', () => {
  const text = `@id("when { x }") permit (principal, action, resource) // unless { true }
when { "} unless {" == "x" && [1].contains(1) }unless{ if true then false else true };`
  assert.deepEqual(
    partsOf(text).clauses.map(({ kind, tokens }) => [kind, tokens]),
    [
      ['when', '"} unless {" == "x" && [ 1 ] . contains ( 1 )'],
      ['unless', 'if true then false else true'],
    ],
  )
  const forbid =
    '@id("forbid") @reason("forbid (principal") forbid (principal in Role::"forbid", action, resource);'
  assert.equal(headAsPermit(forbid), forbid.replace(') forbid (', ') permit (').replace(/;$/, ''))
})

test('the reader of clauses never throws, whatever the text', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 200 }), (text) => {
      partsOf(text)
      headAsPermit(text)
      assert.equal(normalised(normalised(text)), normalised(text))
    }),
  )
})

const LIMIT = `${PERMIT}@id("people") permit (principal is Person, action, resource);
@id("limit") @reason("at most a euro") forbid (principal, action == Action::"shop/refund", resource)
when { context.input.cents > 100 };
`

function tests(yaml: unknown): PolicyTestFile {
  return PolicyTestFile.parse(yaml)
}

const GIVEN = {
  agent: { roles: ['clerk'] },
  person: { roles: [] },
  task: { scope: [{ action: '*' }] },
}

test('a test that does not hold says how, and one that makes no call is a failure', () => {
  const file = tests({
    given: GIVEN,
    tests: [
      { name: 'fine', action: 'shop/refund', input: { cents: 100 }, expect: 'allow', by: ['all'] },
      {
        name: 'no',
        action: 'shop/refund',
        input: { cents: 101 },
        expect: 'allow',
        by: ['all'],
        because: 'two euros',
      },
      {
        name: 'told',
        action: 'shop/refund',
        input: { cents: 101 },
        expect: 'deny',
        because: 'at most a euro',
      },
      { name: 'none', action: 'shop/nothing', expect: 'deny' },
      {
        name: 'json',
        action: 'shop/refund',
        input: '{"cents": 9223372036854775807}',
        expect: 'deny',
        by: ['limit'],
      },
      { name: 'absent', task: undefined, action: 'shop/look', expect: 'allow' },
    ],
  })
  const trials = tryTests(compiled(LIMIT), file)
  assert.deepEqual(
    trials.map(({ name, differences }) => [name, ...differences.map(({ what }) => what)]),
    [
      ['fine'],
      ['no', 'expect', 'by', 'because'],
      ['told'],
      ['none', 'test'],
      ['json'],
      ['absent'],
    ].map((row) => (row[0] === 'absent' ? ['absent', 'expect'] : row)),
  )
})

test('coverage counts policies that determine, and clauses that were true and false', () => {
  const set = compiled(LIMIT)
  const meter = new CoverageMeter(set)
  const ask = (cents: number): void => {
    const file = tests({
      given: GIVEN,
      tests: [{ name: 'x', action: 'shop/refund', input: { cents }, expect: 'deny' }],
    })
    for (const { request, decision } of tryTests(set, file)) meter.count(request!, decision!)
  }
  const limit = () => meter.coverage().policies.find(({ id }) => id === 'limit')!
  assert.deepEqual(meter.coverage(), { ...meter.coverage(), reached: 0, of: 5 })
  ask(5)
  assert.deepEqual(limit().clauses, [
    { kind: 'when', line: 4, column: 1, wasTrue: false, wasFalse: true },
  ])
  assert.equal(limit().determined, false)
  ask(500)
  assert.deepEqual([limit().determined, limit().clauses[0]!.wasTrue], [true, true])
  assert.equal(meter.coverage().reached, 5)
})

test('two sets that say the same are equal, whatever their space, comments and order', () => {
  const again = LIMIT.split('\n').reverse().join('\n').replace('when {', '// why\nwhen  {')
  const shuffled = again.includes('when')
    ? `${LIMIT.replaceAll(' permit', '\n  permit')}// end`
    : again
  const { policies, classes } = compareSets(compiled(LIMIT), compiled(shuffled))
  assert.deepEqual([policies, classes], [[], []])
})

test('a bound that moves by one is found by calls on either side of it', () => {
  const { policies, classes } = compareSets(
    compiled(LIMIT),
    compiled(LIMIT.replace('> 100', '>= 100')),
  )
  assert.deepEqual(policies, [{ id: 'limit', change: 'changed', parts: ['conditions'] }])
  assert.deepEqual(
    classes.map(({ before, after, by_after, example }) => [
      before,
      after,
      by_after,
      example.input['cents'],
    ]),
    [['allow', 'deny', ['limit'], 100]],
  )
})

function used(
  action: string,
  input: TrafficEntry['request']['input'],
  more: Partial<TrafficEntry> = {},
): TrafficEntry {
  return {
    call: 'c',
    answer: 'allow',
    by: ['all'],
    policySet: '',
    request: {
      agent: { instance: 'i', name: 'bot', roles: ['clerk'] },
      person: { id: 'per_1', roles: [] },
      system: 'shop',
      action,
      input,
      effects: SYSTEM.actions.find(({ name }) => name === action)!.effects,
      now: 1_767_225_600_000,
      setAside: new Set(),
    },
    ...more,
  }
}

function suggested(entries: readonly TrafficEntry[], accept: readonly string[] = []) {
  const usage = new Usage(compiled(PERMIT).schema)
  for (const entry of entries) usage.take(entry)
  const { calls, denied } = usage
  const answer = {
    agent: 'bot',
    since: '2026-01-01T00:00:00.000Z',
    calls,
    denied,
    dropped: 0,
    actions: usage.actions(),
    unused: [],
  }
  const text = suggestion(answer, ({ value }) => accept.includes(value))
  return { text, places: destinations(answer).map(({ kind, value }) => `${kind} ${value}`) }
}

test('what is suggested covers what was used, and not the next thing besides it', () => {
  const entries = [20, 100, 50, 7].map((cents) => used('refund', { cents }))
  const { text } = suggested(entries)
  const people = '@id("people") permit (principal is Person, action, resource);'
  const set = compiled(text + people)
  for (const { request } of entries) assert.equal(set.decide(request).answer, 'allow', text)
  for (const cents of [6, 101, -1]) {
    assert.equal(set.decide(used('refund', { cents }).request).answer, 'deny', `${cents}`)
  }
  const odd = used('refund', { cents: 20, note: 'never sent before' }).request
  assert.equal(set.decide(odd).answer, 'deny')
  assert.equal(set.decide(used('look', {}).request).answer, 'deny')
})

test('nowhere is a place permitted that nobody accepted', () => {
  const entries = [
    used('send', {
      to: 'ada@example.com',
      url: 'https://api.example.com/v1/x',
      file: '/srv/docs/a/b.txt',
    }),
    used('send', {
      to: 'bob@example.com',
      url: 'https://api.example.com/v1/y',
      file: '/srv/docs/a/c.txt',
    }),
  ]
  const none = suggested(entries)
  assert.deepEqual(none.places, [
    'recipient ada@example.com',
    'recipient bob@example.com',
    'host https://api.example.com',
    'folder /srv/docs/a',
  ])
  assert.equal(compiled(none.text).policies.size, 0, none.text)
  const some = suggested(entries, ['ada@example.com', 'https://api.example.com', '/srv/docs/a'])
  const set = compiled(`${some.text}@id("people") permit (principal is Person, action, resource);`)
  const ask = (input: Record<string, string>) => set.decide(used('send', input).request).answer
  const good = { to: 'ada@example.com', url: 'https://api.example.com/z', file: '/srv/docs/a/z' }
  assert.equal(ask(good), 'allow', some.text)
  for (const bad of [
    { to: 'bob@example.com' },
    { url: 'https://api.example.com.evil.net/x' },
    { url: 'https://api.example.com@evil.net/' },
    { file: '/srv/docs/a/../../../etc/passwd' },
    { file: '/srv/docs/ab/x' },
  ]) {
    assert.equal(ask({ ...good, ...bad }), 'deny', JSON.stringify(bad))
  }
})

test('whatever agents send, the suggestion is Cedar and says nothing but its permits', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'binary', maxLength: 40 }), { minLength: 1, maxLength: 6 }),
      (texts) => {
        const entries = [...texts, ...texts].map((note) =>
          used('refund', { cents: 1, note: note.toWellFormed() }),
        )
        const set = compiled(suggested(entries).text)
        assert.deepEqual([...set.policies.keys()], ['bot-shop-refund'])
      },
    ),
    { numRuns: 60 },
  )
})

test('what was denied is no use, unless it was observed', () => {
  const denied = used('look', {}, { answer: 'deny' })
  assert.equal(compiled(suggested([denied]).text).policies.size, 0)
  assert.equal(compiled(suggested([{ ...denied, observed: true }]).text).policies.size, 1)
})
