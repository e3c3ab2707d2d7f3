// Holds the tests of the task as a party: what its scope covers, what is no scope, and that it only ever narrows (INV-4).

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Answer } from '../wire/decision.ts'
import type { TaskPermit } from '../wire/task.ts'
import {
  BILLING,
  compiled,
  json,
  request,
  system,
  TASK,
  taskless,
  working,
} from './fixture.test.ts'
import { compileScope } from './task-scope.ts'

const PERMIT = '@id("all") @without("user, task") permit (principal, action, resource);'
const SMALL = { action: 'billing/create_refund', when: 'context.input.amount_cents <= 1000' }
const refund = (cents: number) => ({ input: json(`{"amount_cents": ${cents}}`) })

test('the task answers for itself: by its own scope, and by nothing else that permits', () => {
  const set = compiled(PERMIT)
  const answers = (scope: TaskPermit[], cents: number) => {
    const decision = set.decide(working(scope, refund(cents)))
    const party = decision.parties.at(-1)
    return [decision.answer, party?.party, party?.answer, party?.reason]
  }
  assert.deepEqual(answers([SMALL], 1000), [
    'allow',
    'task',
    'allow',
    'the task is allowed by `scope:1`',
  ])
  const outside = [
    'deny',
    'task',
    'deny',
    'the task is denied: no line of its scope covers this call',
  ]
  assert.deepEqual(answers([SMALL], 1001), outside)
  assert.deepEqual(answers([], 1), outside, 'a scope of nothing covers nothing')
  assert.deepEqual(answers([{ action: 'billing/get_invoice' }], 1), outside)
  for (const action of ['billing/create_refund', 'billing/*', '*']) {
    assert.equal(answers([{ action }], 5000)[0], 'allow', action)
  }
  const both = [SMALL, { action: 'billing/*', when: 'context.effects.contains("spend")' }]
  assert.equal(answers(both, 5000)[3], 'the task is allowed by `scope:2`')
})

test('the agent is told that its task does not cover a call, and no more where others deny as well', () => {
  const call = working([SMALL], refund(5000))
  assert.equal(compiled(PERMIT).decide(call).reason, 'the task does not cover this call')
  assert.equal(compiled('').decide(call).reason, 'no policy permits this call')
})

test('forbids of the set hold for tasks, and may name them', () => {
  for (const scope of ['principal', 'principal is Task', `principal == Task::"${TASK.id}"`]) {
    const set = compiled(`${PERMIT} @id("f") forbid (${scope}, action, resource);`)
    const party = set.decide(request()).parties.at(-1)
    assert.deepEqual(
      [party?.party, party?.answer, party?.reason],
      ['task', 'deny', 'the task is denied by `f`'],
      scope,
    )
  }
  const gated = compiled(
    `${PERMIT} @id("g") @gate("ops") forbid (principal is Task, action, resource);`,
  )
  assert.equal(gated.decide(request()).answer, 'hold')
  assert.equal(gated.decide(taskless()).answer, 'allow')
  assert.equal(gated.decide(request({ setAside: new Set(['g']) })).answer, 'allow')
  assert.equal(gated.decide(working([], { setAside: new Set(['g']) })).answer, 'deny')
})

test('a permit of the set for tasks speaks for no task', () => {
  const set = compiled(`${PERMIT} @id("t") permit (principal is Task, action, resource);`)
  assert.equal(set.decide(working([])).answer, 'deny')
})

test('a task is nothing before its time is over, and nothing after', () => {
  const set = compiled(PERMIT)
  assert.equal(set.decide(request({ now: TASK.endsAt - 1 })).answer, 'allow')
  const over = set.decide(request({ now: TASK.endsAt }))
  assert.equal(over.answer, 'deny')
  assert.equal(over.parties.at(-1)?.reason, 'the task is denied: its time window is over')
})

test('a task is of no environment: whether agents and people cross is for their own permits to say', () => {
  const environments = { agent: 'staging', system: 'production' }
  const set = compiled('@id("p") @crosses("environment") permit (principal, action, resource);')
  assert.equal(set.decide(request({ environments })).answer, 'allow')
})

test('policies read what is worked on', () => {
  const set = compiled(`@id("own") permit (principal, action, resource)
when { context has task && context has user && context.task.person == context.user &&
       context.task.intent like "*refunds*" && context.task.id == "task-1" && context.task.endsAt > context.now };`)
  assert.equal(set.decide(request()).answer, 'allow')
  assert.equal(set.decide(request({ task: { ...TASK, person: 'eve' } })).answer, 'deny')
  assert.equal(set.decide(taskless()).answer, 'deny')
})

test('a scope that does not fit the schema in force is a denial with a reason, and nobody else is', () => {
  const set = compiled(PERMIT)
  const scope = [{ action: 'billing/create_refund', when: 'context.input.amount_cent < 5' }]
  const decision = set.decide(working(scope))
  assert.deepEqual(
    decision.parties.map(({ answer }) => answer),
    ['allow', 'allow', 'deny'],
  )
  assert.match(
    decision.parties.at(-1)?.reason ?? '',
    /^the task is denied: its scope does not fit the systems as they are pinned now: scope line 1: attribute/,
  )
  assert.equal(set.mayCall(working(scope)), false)
})

test('what is wrong with a scope is told by line and column', () => {
  const set = compiled('')
  const told = (...scope: TaskPermit[]) =>
    set
      .checkTaskScope(scope)
      .map(({ file, line, column, message, help }) => [file, line, column, message, help])
  assert.deepEqual(told(SMALL, { action: '*' }), [])
  const [typo] = told({ action: '*' }, { ...SMALL, when: 'context.input.amount_cent <= 10' })
  assert.deepEqual(typo?.slice(0, 3), ['scope line 2', 1, 1])
  assert.match(String(typo?.[3]), /amount_cent/)
  assert.match(String(typo?.[4]), /amount_cents/)
  const [syntax] = told({ ...SMALL, when: 'context.input.amount_cents <=' })
  assert.deepEqual(syntax?.[0], 'scope line 1')
  assert.deepEqual(told({ action: 'billing/create_refnd' }), [
    [
      'scope line 1',
      1,
      1,
      'no action of the name `billing/create_refnd` is pinned',
      'did you mean `billing/create_refund`?',
    ],
  ])
  assert.deepEqual(told({ action: 'biling/*' })[0]?.slice(3), [
    'no system of the name `biling/*` is pinned',
    'did you mean `billing/*`?',
  ])
})

const SCOPES: readonly TaskPermit[] = [
  { action: '*' },
  { action: 'billing/create_refund', when: 'context.input.amount_cents > 500' },
  { action: 'billing/create_refund', when: 'context.input.amount_cents + 9223372036854775807 > 0' },
  { action: 'billing/get_invoice' },
  { action: 'billing/create_refund', when: 'context has user' },
]

const RULES = [
  PERMIT,
  '@id("t") permit (principal is Task, action, resource);',
  '@id("u") permit (principal is Person, action, resource);',
  '@id("i") @without("user") permit (principal is Instance, action, resource);',
  '@id("w") @without("task") permit (principal is Instance, action, resource);',
  '@id("f") forbid (principal is Task, action, resource) when { context.effects.contains("spend") };',
  '@id("g") @gate("ops") forbid (principal, action, resource) when { context has task };',
]

test('law: with a task, what is allowed without one is only ever less, if its policies do not read the task', () => {
  const rank: Readonly<Record<Answer, number>> = { deny: 0, hold: 1, allow: 2 }
  fc.assert(
    fc.property(
      fc.subarray(RULES.filter((rule) => !rule.includes('context has task'))),
      fc.subarray([...SCOPES]),
      fc.integer({ min: 0, max: 1000 }),
      fc.boolean(),
      (rules, scope, cents, alone) => {
        // Every permit names the absent task, so that its absence alone denies nothing.
        const text = rules.join('\n').replaceAll(/@without\("[a-z, ]+"\)/g, '')
        const set = compiled(text.replaceAll(/(permit)/g, '@without("user, task") $1'))
        const { person, ...unattended } = working(scope, refund(cents))
        const call = alone ? unattended : { ...unattended, person: person! }
        const { task: _, ...without } = call
        const narrowed = set.decide(call)
        const whole = set.decide(without)
        assert.ok(rank[narrowed.answer] <= rank[whole.answer])
        assert.deepEqual(
          narrowed.parties.slice(0, -1).map(({ answer }) => answer),
          whole.parties.map(({ answer }) => answer),
        )
        if (narrowed.parties.some(({ answer }) => answer === 'deny')) {
          assert.equal(narrowed.answer, 'deny')
        }
        if (narrowed.answer !== 'deny') assert.ok(set.mayCall(call), 'a list hides nothing allowed')
      },
    ),
    { numRuns: 100 },
  )
})

test('law: a line more never narrows a task, and a task never lets another party do more', () => {
  fc.assert(
    fc.property(
      fc.subarray(RULES),
      fc.subarray([...SCOPES]),
      fc.integer({ min: 0, max: 1000 }),
      (rules, scope, cents) => {
        const set = compiled(rules.join('\n'))
        const some = set.decide(working(scope.slice(1), refund(cents)))
        const all = set.decide(working(scope, refund(cents)))
        const rank = { deny: 0, hold: 1, allow: 2 }
        assert.ok(rank[some.answer] <= rank[all.answer])
        assert.deepEqual(
          some.parties.slice(0, -1).map(({ answer }) => answer),
          all.parties.slice(0, -1).map(({ answer }) => answer),
        )
      },
    ),
    { numRuns: 60 },
  )
})

test('scopes are compiled once per list and per digest, and a wrong digest lends nobody another scope', () => {
  const set = compiled(PERMIT)
  const wide = { ...TASK, scope: [{ action: '*' }], scopeDigest: 'sha256:same' }
  const narrow = { ...TASK, scope: [], scopeDigest: 'sha256:same' }
  for (let round = 0; round < 3; round++) {
    assert.equal(set.decide(request({ task: wide })).answer, 'allow')
    assert.equal(set.decide(request({ task: narrow })).answer, 'deny')
    assert.equal(
      set.decide(request({ task: { ...wide, scope: [{ action: '*' }] } })).answer,
      'allow',
    )
  }
})

test('a condition is held against every kind of arguments that its line covers, and against each kind once', () => {
  const input = (name: string, type: string) => ({
    input: { type: 'object', properties: { [name]: { type } }, required: [name] },
  })
  const shop = system('shop', {
    buy: input('n', 'integer'),
    sell: input('n', 'integer'),
    name: input('n', 'string'),
    look: input('m', 'integer'),
  })
  const set = compiled('', [BILLING, shop])
  const wrong = (action: string, when: string) => set.checkTaskScope([{ action, when }]).length > 0
  assert.equal(wrong('shop/buy', 'context.input.n < 5'), false)
  assert.equal(wrong('shop/name', 'context.input.n < 5'), true)
  assert.equal(wrong('shop/*', 'context.input.n < 5'), true)
  assert.equal(wrong('shop/*', 'context.input has n'), false)
  assert.equal(wrong('shop/*', 'context["input"].n < 5'), true)
  assert.equal(wrong('shop/*', 'context["\\x69nput"].n < 5'), true, 'escapes are seen through')
  assert.equal(wrong('*', 'context.effects.contains("read")'), false)
  assert.equal(wrong('*', 'context has task && context.task.id == "x"'), false)
  assert.equal(wrong('*', 'context.effects.contains(5)'), true)
  assert.equal(wrong('*', 'action == Action::"shop/buy"'), false, 'actions of elsewhere are known')
  assert.equal(wrong('shop/buy', 'action == Action::"billing/get_invoice"'), false)
  assert.equal(wrong('shop/buy', 'action == Action::"shop/none"'), true)
  assert.equal(wrong('shop/buy', 'action in Action::"effect:read"'), false)
  assert.equal(wrong('*', 'principal in Role::"x"'), false)
})

test('what covers too many kinds of arguments is refused before the library is asked', () => {
  const many = Object.fromEntries(
    Array.from({ length: 129 }, (_, at) => [
      `a${at}`,
      { input: { type: 'object', properties: { [`p${at}`]: { type: 'string' } } } },
    ]),
  )
  const set = compiled('', [system('wide', many)])
  const check = (when: string) => set.checkTaskScope([{ action: 'wide/*', when }])
  assert.match(check('context.input has p1')[0]?.message ?? '', /more than 128 kinds/)
  assert.deepEqual(check('context has user'), [])
  assert.deepEqual(set.checkTaskScope([{ action: 'wide/a1', when: 'context.input has p1' }]), [])
})

test('a scope is bounded', () => {
  const { schema } = compiled('')
  const lines = (count: number) =>
    compileScope(
      Array.from({ length: count }, () => ({ action: '*' })),
      schema,
    ).ok
  assert.equal(lines(64), true)
  assert.equal(lines(65), false)
  const long = { action: '*', when: `"${'x'.repeat(2000)}" == "x"` }
  assert.equal(compileScope([long], schema).ok, false)
  const deep = { action: '*', when: `${'!'.repeat(200)}true` }
  assert.equal(compileScope([deep], schema).ok, false)
})
