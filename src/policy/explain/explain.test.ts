// Holds the tests of explanations: which condition decided, what would allow the call, what the agent is told of it, and the law of all of it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Explanation } from '../../wire/api/explanation.ts'
import type { DecisionRequest } from '../../wire/decision.ts'
import {
  compiled,
  FINANCE_GATE,
  json,
  QUIET,
  request,
  taskless,
  unattended,
  working,
} from '../fixture.test.ts'

const PERMIT = '@id("p") @without("task") permit (principal in Role::"support", action, resource);'
const REFUND = 'action == Action::"billing/create_refund"'
const BOUND = FINANCE_GATE.replace('@gate("finance")', '')
const refund = (text: string) => ({ input: json(text) })
const large = refund('{"amount_cents": 20000}')

function explain(text: string, of: DecisionRequest, options?: { values?: boolean }) {
  const explanation = compiled(text).explain(of, options)
  assert.deepEqual(Explanation.parse(explanation), explanation)
  return explanation
}

/** What would change, in short. */
function changes(text: string, of: DecisionRequest) {
  return explain(text, of).changes.map(({ party, kind, words, verified, after }) =>
    [party, kind, words, verified ? after : 'not tried'].join(' | '),
  )
}

test('each party answers by itself, by which policy, and which condition decided', () => {
  const { answer, reason, parties } = explain(PERMIT + BOUND, request(large))
  assert.equal(answer, 'deny')
  assert.equal(reason, 'refunds above 100 EUR are reviewed by finance')
  assert.deepEqual(
    parties.map(({ party, answer: own }) => [party, own]),
    [
      ['person', 'deny'],
      ['agent', 'deny'],
      ['task', 'allow'],
    ],
  )
  assert.deepEqual(parties[1]?.policies, [
    {
      id: 'refunds-over-100-need-finance',
      effect: 'forbid',
      file: 'test.cedar',
      line: 2,
      text: BOUND.trim(),
      part: 'determined',
      words: 'it forbids because `context.input.amount_cents > 10000`',
      reason: 'refunds above 100 EUR are reviewed by finance',
      clauses: [
        {
          kind: 'when',
          text: 'context.input.amount_cents > 10000',
          result: 'true',
          values: [{ path: 'input.amount_cents', value: '20000' }],
        },
      ],
    },
  ])
})

test('clauses are asked as Cedar asks them: what comes after the one that decided is not looked at', () => {
  const text = `@id("p") permit (principal, ${REFUND}, resource)
when { context.input.amount_cents <= 30000 && (context.input has note && context.input.note like "ok*") }
unless { context.input.amount_cents == 5 };`
  const [policy] = explain(text, request(large)).parties[0]!.policies
  assert.deepEqual(
    policy?.clauses.map(({ kind, text: clause, result }) => [kind, clause, result]),
    [
      ['when', 'context.input.amount_cents <= 30000', 'true'],
      ['when', 'context.input has note', 'false'],
      ['when', 'context.input.note like "ok*"', 'unasked'],
      ['unless', 'context.input.amount_cents == 5', 'unasked'],
    ],
  )
  assert.equal(policy?.words, 'it would permit, but `context.input has note` decides against it')
})

test('a policy that errs is told with the clause and the error; values are left out where they may not be seen', () => {
  const errs = `@id("e") forbid (principal, ${REFUND}, resource) when { context.input.amount_cents + 9223372036854775807 > 0 };`
  const [erring] = explain(PERMIT + errs, request()).parties[0]!.policies
  assert.equal(erring?.part, 'erred')
  assert.match(erring?.clauses[0]?.error ?? '', /overflow/)
  const hidden = explain(PERMIT + BOUND, request(large), { values: false })
  assert.deepEqual(hidden.parties[0]?.policies[0]?.clauses[0]?.values, [
    { path: 'input.amount_cents' },
  ])
})

test('an argument bound is the smallest change, found from the clause that failed', () => {
  const same = '`amount_cents` at most 10000'
  assert.deepEqual(changes(PERMIT + BOUND, request(large)), [
    `person | argument | ${same} | allow`,
    `agent | argument | ${same} | allow`,
  ])
  const rows: [string, string][] = [
    ['context.input.amount_cents < 100', '`amount_cents` below 100'],
    ['100 > context.input.amount_cents', '`amount_cents` below 100'],
    ['!(context.input.amount_cents >= 100)', '`amount_cents` below 100'],
    ['context.input.amount_cents == 7', '`amount_cents` is 7'],
    ['[1, 2].contains(context.input.amount_cents)', '`amount_cents` is one of 1, 2'],
    ['context.input has note && context.input.note == "x"', '`note` is "x"'],
    ['context.input has note && context.input["note"] like "a*b"', '`note` matches "a*b"'],
    [
      'context.input.amount_cents < 100 && context.input has note && context.input.note like "a*"',
      '`amount_cents` below 100 and `note` matches "a*"',
    ],
    [
      'context.input.amount_cents < 100 || (context.input has note && context.input.note like "a*")',
      '`amount_cents` below 100',
    ],
  ]
  for (const [condition, words] of rows) {
    const text = `@id("p") permit (principal, ${REFUND}, resource) when { ${condition} };`
    assert.equal(
      changes(text, request(large))[0],
      `person | argument | ${words} | allow`,
      condition,
    )
  }
})

test('bounds are exact where a double would not be', () => {
  const text = `@id("p") permit (principal, ${REFUND}, resource) when { context.input.amount_cents < -9007199254740993 };`
  assert.equal(
    changes(text, request(large))[0],
    'person | argument | `amount_cents` below -9007199254740993 | allow',
  )
})

test('a task, a user, an approval, a role, an annotation, a policy: each where it is what is missing', () => {
  const bare = '@id("p") permit (principal, action, resource);'
  assert.deepEqual(changes(bare, taskless()), [
    'agent | task | open a task whose scope covers `billing/create_refund` | allow',
    'agent | without | let `p` say `@without("task")` | allow',
  ])
  assert.deepEqual(changes(bare, unattended()), [
    'agent | user | act on behalf of a person who may do this | allow',
    'agent | without | let `p` say `@without("user")` | allow',
  ])
  const approval = 'approval | this call is approved by the role finance | allow'
  assert.deepEqual(changes(bare + FINANCE_GATE, request(large)), [
    `person | ${approval}`,
    `agent | ${approval}`,
  ])
  const boss = bare.replace('principal,', 'principal in Role::"boss",')
  assert.equal(
    changes(boss, unattended())[0],
    'agent | role | the agent has the role `boss`, and act on behalf of a person who may do this | deny',
  )
  assert.deepEqual(changes(bare, request({ environments: { agent: 'a', system: 'b' } })), [
    'person | crosses | let `p` say `@crosses("environment")` | allow',
    'agent | crosses | let `p` say `@crosses("environment")` | allow',
  ])
  const agents = '@id("p") permit (principal is Instance, action, resource);'
  assert.deepEqual(changes(agents, request()), [
    'person | permit | a policy that permits it, for example this one: @id("person-may-create_refund") permit (principal == Person::"ada", action == Action::"billing/create_refund", resource); | allow',
  ])
  const role = bare.replace('principal,', 'principal is Person in Role::"boss",')
  assert.equal(
    changes(role + agents.replace('"p"', '"q"'), request())[0],
    'person | role | the person has the role `boss` | allow',
  )
})

test('where no change alone is enough, what of each party together is', () => {
  const boss = '@id("p") permit (principal in Role::"boss", action, resource);'
  assert.deepEqual(explain(boss, request()).together, {
    words: ['the person has the role `boss`', 'the agent has the role `boss`'],
    after: 'allow',
  })
  assert.equal(explain(PERMIT + BOUND, request(large)).together, undefined, 'one is enough')
  assert.deepEqual(explain('', request()).together?.after, 'allow')
})

test('where the smallest of two parties do not go together, the next ones are tried', () => {
  const small = `@id("p") @without("task") permit (principal, ${REFUND}, resource) when { context.input.amount_cents < 10 };`
  const scope = [
    { action: 'billing/create_refund', when: 'context.input.amount_cents > 100' },
  ] as const
  const { together } = explain(small, working(scope, refund('{"amount_cents": 50}')))
  assert.deepEqual(together, {
    words: [
      '`amount_cents` below 10',
      'work on a task whose scope covers `billing/create_refund` with these arguments',
    ],
    after: 'allow',
  })
})

test('what is suggested is a policy that compiles', () => {
  const { changes: told } = explain('', {
    ...unattended(),
    environments: { agent: 'a', system: 'b' },
  })
  const text = told.find(({ kind }) => kind === 'permit')?.words.split('this one: ')[1] ?? ''
  assert.match(text, /@without\("user"\) @crosses\("environment"\)/)
  const decision = compiled(text).decide({
    ...unattended(),
    environments: { agent: 'a', system: 'b' },
  })
  assert.equal(decision.answer, 'allow')
})

test('a task that does not cover a call: other arguments, or another task', () => {
  const scope = [{ action: 'billing/create_refund', when: 'context.input.amount_cents <= 10' }]
  assert.deepEqual(changes(PERMIT, working(scope, large)), [
    'task | argument | `amount_cents` at most 10 | allow',
    'task | task | work on a task whose scope covers `billing/create_refund` with these arguments | allow',
  ])
})

test('counts of the history are waited for', () => {
  const busy = { ...QUIET, calls: { minute: 0, hour: 9, day: 9 } }
  const limit =
    '@id("f") forbid (principal, action, resource) when { context.history.calls.hour > 5 };'
  assert.equal(
    changes(PERMIT + limit, request({ history: busy }))[0],
    'person | history | `history.calls.hour` at most 5: wait until it is | allow',
  )
})

test('the agent is told of no bound unless the author gave a reason or advice', () => {
  const told = (text: string, of = request(large)) => {
    const set = compiled(text)
    return [...set.advise(of, set.decide(of))]
  }
  const forbid = (annotations: string) =>
    `${PERMIT} @id("f") ${annotations} forbid (principal, ${REFUND}, resource) when { context.input.amount_cents > 10000 };`
  assert.deepEqual(told(forbid('')), [])
  assert.deepEqual(told(forbid('@reason("too much")')), ['`amount_cents` at most 10000'])
  assert.deepEqual(told(forbid('@advice("ask for less")')), [
    'ask for less',
    '`amount_cents` at most 10000',
  ])
  const permit = (annotations: string, condition: string) =>
    `@id("p") ${annotations} permit (principal, ${REFUND}, resource) when { ${condition} };`
  const small = 'context.input.amount_cents <= 100'
  assert.deepEqual(told(permit('', small)), [])
  assert.deepEqual(told(permit('@advice("refunds to 1 EUR")', small)), [
    'refunds to 1 EUR',
    '`amount_cents` at most 100',
  ])
})

test('the agent is told nothing that helps it probe: no list, no pattern, no role, no policy, nothing of others', () => {
  const told = (text: string, of: DecisionRequest) => {
    const set = compiled(text)
    return [...set.advise(of, set.decide(of))]
  }
  const secret = (condition: string) =>
    `${PERMIT} @id("f") @reason("no") forbid (principal, ${REFUND}, resource) unless { ${condition} };`
  for (const condition of [
    '[4711, 4712].contains(context.input.amount_cents)',
    'context.input has note && context.input.note like "open-sesame*"',
    'context.input.amount_cents == 4711',
  ]) {
    assert.deepEqual(told(secret(condition), request(large)), [], condition)
  }
  const boss = '@id("p") @advice("ask") permit (principal in Role::"boss", action, resource);'
  assert.deepEqual(told(boss, request()), [], 'advice for others')
  // The agent's own bound is known, and the person is denied besides: saying it would tell what the person may.
  const both = `${BOUND.replace('principal in Role::"support"', 'principal is Instance')}
@id("p") permit (principal is Instance, action, resource);`
  assert.deepEqual(told(both, request(large)), [])
  assert.deepEqual(
    told('@id("p") permit (principal is Instance, action, resource);', taskless()),
    [],
  )
})

test('what is allowed is not advised about, and what cannot be decided is explained as that', () => {
  assert.deepEqual(changes(PERMIT, request()), [])
  const unknown = explain(PERMIT, request({ action: 'nope' }))
  assert.equal(unknown.answer, 'deny')
  assert.deepEqual(unknown.changes, [])
  assert.ok(unknown.parties.every(({ policies }) => policies.length === 0))
})

const CONDITIONS = [
  'context.input.amount_cents <= 500',
  'context.input.amount_cents > 500',
  'context.input.amount_cents == 42',
  'context.input has note && context.input.note == "x"',
  '!(context.input.amount_cents < 3) && context.input.amount_cents < 900',
  'context.input.amount_cents < 3 || context.input.amount_cents > 900',
  'context has user && context.user in Role::"boss"',
  'context has task',
  'context.history.calls.hour < 5',
  'context.effects.contains("spend")',
]
const rule = fc.record({
  effect: fc.constantFrom('permit', 'forbid'),
  scope: fc.constantFrom('principal', 'principal is Person', 'principal in Role::"boss"'),
  condition: fc.constantFrom(...CONDITIONS),
  without: fc.boolean(),
})

/** The arguments that the words of a change ask for; undefined where they ask for more than arguments. */
function said(words: string, cents: number) {
  const input: Record<string, unknown> = { amount_cents: cents }
  for (const one of words.split(/,? and /)) {
    const match = /^`(\w+)` (at most|at least|above|below|is) (.+)$/.exec(one)
    if (match === null) return undefined
    const [, name = '', relation, value = ''] = match
    const step = relation === 'above' ? 1 : relation === 'below' ? -1 : 0
    const given = JSON.parse(value) as unknown
    input[name] = typeof given === 'number' ? given + step : given
  }
  return json(JSON.stringify(input))
}

test('law: every change that is said to be tried turns the answer of its party as it reads, whatever the policies are', () => {
  let tried = 0
  fc.assert(
    fc.property(
      fc.array(rule, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 0, max: 1000 }),
      fc.boolean(),
      fc.boolean(),
      (rules, cents, person, task) => {
        const text = rules.map(
          ({ effect, scope, condition, without }, at) =>
            `@id("r${at}") ${without && effect === 'permit' ? '@without("user, task")' : ''} ${effect} (${scope}, ${REFUND}, resource) when { ${condition} };`,
        )
        const whole = request(refund(`{"amount_cents": ${cents}}`))
        const { person: _p, task: _t, ...rest } = whole
        const of = {
          ...rest,
          ...(person && { person: whole.person! }),
          ...(task && { task: whole.task! }),
        }
        const set = compiled(text.join('\n'))
        const explanation = set.explain(of)
        assert.deepEqual(explanation.answer, set.decide(of).answer)
        for (const { party, verified, after, kind, words } of explanation.changes) {
          const own = explanation.parties.find((one) => one.party === party)
          assert.notEqual(own?.answer, 'allow')
          assert.equal(after !== undefined, verified)
          if (kind === 'permit') assert.ok(verified, 'a policy more always does')
          const input = verified && kind === 'argument' ? said(words, cents) : undefined
          if (input === undefined) continue
          tried++
          // Not as the explanation tried it, but as it reads.
          const again = set.decide({ ...of, input })
          assert.notEqual(again.parties.find((one) => one.party === party)?.answer, 'deny', words)
          assert.equal(again.answer, after, words)
        }
        for (const told of set.advise(of, set.decide(of))) assert.equal(typeof told, 'string')
      },
    ),
    { numRuns: 150 },
  )
  assert.ok(tried > 20, `${tried}`)
})
