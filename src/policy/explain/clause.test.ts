// Holds the tests of clauses and checks: taken apart as Cedar's grammar has it, so that what is shown is what decided.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { callContext } from '../context.ts'
import { compiled, json, request } from '../fixture.test.ts'
import { pinned, questionOf } from '../question.ts'
import { checkOf, pathsOf } from './check.ts'
import { conditionsOf, leavesOf, wholeOf, type Clause } from './clause.ts'
import { policyTokens, stringOf } from './token.ts'
import { leafValues, outcome, weighable } from './weigh.ts'

/** A clause in short: `all(a, any(b, not(c)))`. */
function short(clause: Clause): string {
  if (clause.kind === 'leaf') return clause.text
  if (clause.kind === 'not') return `not(${short(clause.part)})`
  return `${clause.kind}(${clause.parts.map(short).join(', ')})`
}

function parts(conditions: string): string[] {
  const text = `@id("a") @reason("when { x } ;") permit (principal, action, resource) ${conditions};`
  return conditionsOf(text).map(({ kind, clause }) => `${kind} ${short(clause)}`)
}

test('conditions are taken apart at their operators, as loosely as these bind', () => {
  const rows: [string, string[]][] = [
    ['', []],
    ['when { a }', ['when a']],
    ['when { a && b || c && !(d || e) }', ['when any(all(a, b), all(c, not(any(d, e))))']],
    ['when { (a) && ((b || c)) }', ['when all(a, any(b, c))']],
    ['when { a } unless { b } when { c }', ['when a', 'unless b', 'when c']],
    ['when { if a then b && c else d || e }', ['when if a then b && c else d || e']],
    ['when { a && (if b then c else d) }', ['when all(a, if b then c else d)']],
    ['when { !a == b }', ['when !a == b']],
    ['when { !(a) == b && c }', ['when all(!(a) == b, c)']],
    [
      'when { f("a && b", [c || d]) && { "x || y": 1 }.x == 1 }',
      ['when all(f("a && b", [c || d]), { "x || y": 1 }.x == 1)'],
    ],
    ['when { a // && b\n && c }', ['when all(a, c)']],
    ['when { "\\"} && x" == y }', ['when "\\"} && x" == y']],
  ]
  for (const [text, expected] of rows) assert.deepEqual(parts(text), expected, text)
})

test('a clause without its text is a leaf of nothing', () => {
  assert.deepEqual(leavesOf(wholeOf([])), [])
})

const atoms = fc.constantFrom(
  'context.input.amount_cents > 3',
  'context.input.amount_cents == 2',
  'context.input has note',
  'context.input.amount_cents + 9223372036854775806 > 0',
  'principal is Person',
  'true',
  'false',
)
const expressions = fc.letrec<{ any: string }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    atoms,
    fc.tuple(tie('any'), tie('any')).map(([a, b]) => `(${a}) && ${b}`),
    fc.tuple(tie('any'), tie('any')).map(([a, b]) => `${a} || (${b})`),
    tie('any').map((a) => `!(${a})`),
    tie('any').map((a) => `(${a})`),
    fc.tuple(tie('any'), atoms, atoms).map(([a, b, c]) => `(if ${a} then ${b} else ${c})`),
  ),
}))
const kinds = fc.constantFrom('when', 'unless')

test('law: what the clauses come to is what the policy comes to, error for error', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(kinds, expressions.any), { minLength: 1, maxLength: 2 }),
      fc.constantFrom(
        '{"amount_cents":2}',
        '{"amount_cents":5,"note":"x"}',
        '{"amount_cents":0,"note":"y"}',
      ),
      (conditions, input) => {
        const when = conditions.map(([kind, text]) => `${kind} { ${text} }`).join(' ')
        const set = compiled(
          `@id("p") permit (principal, action == Action::"billing/create_refund", resource) ${when};`,
        )
        const call = request({ input: json(input) })
        const { input: type } = pinned(set, call)
        const question = questionOf('agent', call, callContext(type, call, call.input, call.now))
        const taken = weighable(set.policies.get('p')!)
        const came = outcome(taken.whole, leafValues(taken, question))
        const agent = set.decide(call).parties[1]
        const errs = agent?.errors.some(({ id }) => id === 'p') === true
        assert.equal(came, errs ? 'error' : agent?.answer === 'allow' ? 'true' : 'false', when)
      },
    ),
    { numRuns: 200 },
  )
})

test('checks that people write are understood, and nothing else is taken for one of them', () => {
  const check = (text: string) => checkOf(policyTokens(text))
  const path = ['input', 'n']
  const five = { kind: 'long', value: 5n }
  assert.deepEqual(check('context.input.n < 5'), { kind: 'bound', path, relation: '<', than: five })
  assert.deepEqual(check('5 <= context.input["n"]'), {
    kind: 'bound',
    path,
    relation: '>=',
    than: five,
  })
  assert.deepEqual(check('context.input.n.lessThan(decimal("2.5"))'), {
    kind: 'bound',
    path,
    relation: '<',
    than: { kind: 'decimal', text: '2.5' },
  })
  assert.deepEqual(check('context.input.n == -5'), {
    kind: 'equals',
    path,
    not: false,
    to: { kind: 'long', value: -5n },
  })
  assert.deepEqual(check('context.input has a.b'), { kind: 'has', path: ['input', 'a', 'b'] })
  assert.deepEqual(check('context has user'), { kind: 'has', path: ['user'] })
  assert.deepEqual(check('context.user in Role::"x"'), { kind: 'role', who: 'user', role: 'x' })
  assert.deepEqual(check('!context.input.n'), { kind: 'true', path, not: true })
  for (const odd of [
    '',
    'context',
    'context.input.n < 5 + 1',
    'context.input.n < context.input.m',
    'context.input.n.like("x")',
    'context.input.n < 5 extra',
    'principal == Person::"a"',
    'context.input.n in [1]',
    'if context.input.n then true else false',
    '[1, context.input.n].contains(context.input.m)',
    'context.input.n.contains(1).x',
    'context["input"',
  ]) {
    assert.equal(check(odd), undefined, odd)
  }
})

test('the places that a clause reads are found, also behind `has` and in sums', () => {
  const read = (text: string) => pathsOf(policyTokens(text)).map((path) => path.join('.'))
  assert.deepEqual(read('context.input.a + context.input.b < context.history.calls.hour'), [
    'input.a',
    'input.b',
    'history.calls.hour',
  ])
  assert.deepEqual(read('context.input has "a b" && context has task'), ['input.a b', 'task'])
  assert.deepEqual(read('x.context.input == "context.input.a"'), [])
})

test('strings are read as Cedar writes them', () => {
  const value = (text: string) => stringOf(policyTokens(text)[0])
  assert.equal(value('"a\\n\\u{1F600}\\x41\\\\\\""'), 'a\n😀A\\"')
  assert.equal(value('"a\\*b"'), undefined, 'only patterns escape stars')
  assert.equal(value('"\\u{110000}"'), undefined)
  assert.equal(value('a'), undefined)
})
