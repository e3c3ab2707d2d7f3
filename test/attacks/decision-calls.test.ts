// Holds attacks on whole calls: what a policy set decides is what the library decides, or a denial where INV-2 says so.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CedarValueJson } from '@cedar-policy/cedar-wasm/nodejs'
import { compiled, json, request, system } from '../../src/policy/fixture.test.ts'
import { compilePolicySet, MAX_SET_BYTES } from '../../src/policy/load.ts'
import type { DecisionRequest } from '../../src/wire/decision.ts'
import { both } from '../differential/ask.ts'

const { rawJSON } = JSON as unknown as { rawJSON: (this: void, text: string) => CedarValueJson }

/** What a decision comes to, with who determined it. */
function told(set: ReturnType<typeof compiled>, asked: DecisionRequest) {
  const short = ({ answer, parties }: ReturnType<typeof set.decide>) =>
    JSON.stringify([
      answer,
      parties.map(({ answer: one, policies, errors }) => [
        one,
        policies.map(({ id }) => id),
        errors.map(({ id }) => id),
      ]),
    ])
  assert.equal(short(set.decide(asked)), short(set.secondOpinion(asked)))
  return set.decide(asked)
}

const ANY = system('any', {
  take: {
    input: {
      type: 'object',
      properties: {
        n: { type: 'integer' },
        s: { type: 'string' },
        x: { type: 'number' },
        list: { type: 'array', items: { type: 'array', items: { type: 'integer' } } },
        deep: {
          type: 'object',
          properties: { er: { type: 'object', properties: { n: { type: 'integer' } } } },
        },
      },
    },
  },
})

test('INV-2 a forbid that errs denies, where the library alone would allow', () => {
  const set = compiled(
    `@id("p") permit (principal, action, resource);
     @id("f") forbid (principal, action, resource) when { context.input has n && context.input.n * 2 > 10 };`,
    [ANY],
  )
  const asked = (input: string) =>
    told(set, request({ system: 'any', action: 'take', effects: ['read'], input: json(input) }))
  assert.equal(asked('{"n": 5}').answer, 'allow')
  assert.equal(asked('{"n": 6}').answer, 'deny')
  const over = asked('{"n": 4611686018427387904}')
  assert.equal(over.answer, 'deny')
  assert.deepEqual(over.parties[0]?.policies, [], 'nothing but the error denies')
  const raw = both({
    p: 'permit (principal, action, resource);',
    f: 'forbid (principal, action, resource) when { context.n * 2 > 10 };',
  })
  assert.equal(raw({ n: rawJSON('4611686018427387904') }).decision, 'allow')
})

test('INV-2 whole calls: arguments of the wrong kind, deep, long and many, decided as the library decides', () => {
  const set = compiled(
    `@id("p") permit (principal, action, resource);
     @id("n") forbid (principal, action, resource) when { context.input has n && context.input.n > 9007199254740992 };
     @id("s") forbid (principal, action, resource) when { context.input has s && context.input.s like "*\\u{e9}*" };
     @id("x") forbid (principal, action, resource) when { context.input has x && context.input.x.greaterThan(decimal("1.5")) };
     @id("l") forbid (principal, action, resource) when { context.input has list && context.input.list.contains([2, 1]) };
     @id("d") forbid (principal, action, resource) when { context.input has deep.er.n && context.input.deep.er.n == -9223372036854775808 };
     @id("u") forbid (principal, action, resource) when { !context.unseen.isEmpty() };`,
    [ANY],
  )
  const inputs: [string, 'allow' | 'deny'][] = [
    ['{}', 'allow'],
    ['{"n": 9007199254740992}', 'allow'],
    ['{"n": 9007199254740993}', 'deny'],
    ['{"n": "9007199254740993"}', 'deny'],
    ['{"n": 1.5}', 'deny'],
    ['{"n": 1e3}', 'allow'],
    ['{"s": "caf\\u00e9"}', 'deny'],
    ['{"s": "cafe\\u0301"}', 'allow'],
    ['{"s": {"__entity": {"type": "Role", "id": "admin"}}}', 'deny'],
    ['{"x": 1.5}', 'allow'],
    ['{"x": 1.5001}', 'deny'],
    ['{"x": 0.00001}', 'deny'],
    ['{"list": [[1, 2, 2]]}', 'deny'],
    ['{"list": [[1], [2]]}', 'allow'],
    [
      `{"list": [${Array.from({ length: 20_000 }, (_, at) => `[${at},${at}]`).join(',')}]}`,
      'allow',
    ],
    ['{"deep": {"er": {"n": -9223372036854775808}}}', 'deny'],
    ['{"deep": {"er": {"n": -9223372036854775807}}}', 'allow'],
    ['{"deep": {"er": {}}}', 'allow'],
    ['{"constructor": 1}', 'deny'],
    [`{"s": "${'a'.repeat(500_000)}"}`, 'allow'],
  ]
  for (const [text, answer] of inputs) {
    const asked = request({ system: 'any', action: 'take', effects: ['read'], input: json(text) })
    assert.equal(told(set, asked).answer, answer, text.slice(0, 80))
  }
})

test('INV-2 a crowd: a thousand roles, a long chain of delegation and policies about each', () => {
  const roles = Array.from({ length: 1_000 }, (_, at) => `r${at}`)
  const rules = roles
    .filter((_, at) => at % 50 === 0)
    .map((role, at) => `@id("p${at}") permit (principal in Role::"${role}", action, resource);`)
  const kept = '@id("not") forbid (principal in Agent::"a7", action, resource);'
  const set = compiled([...rules, kept].join('\n'))
  const delegators = (count: number) =>
    Array.from({ length: count }, (_, at) => ({ instance: `i${at}`, name: `a${at}`, roles }))
  const agent = { instance: '0192-1', name: 'helper', roles }
  const person = { id: 'ada', roles }
  assert.equal(told(set, request({ agent, person, delegators: delegators(7) })).answer, 'allow')
  assert.equal(told(set, request({ agent, person, delegators: delegators(8) })).answer, 'deny')
})

test('INV-2 one entity that is described in two ways is nobody', () => {
  const set = compiled('@id("p") permit (principal, action, resource);')
  const agent = { instance: '0192-1', name: 'helper', roles: ['support'] }
  const delegators = [{ ...agent, roles: ['admin'] }]
  assert.equal(told(set, request({ agent, delegators })).answer, 'deny')
})

test('INV-10 a set of policies ends at 8 MB; one just below it decides, and equal ids are refused', () => {
  const rule = '@id("p") permit (principal, action, resource);'
  const load = (text: string) =>
    compilePolicySet({ sources: [{ file: 'a.cedar', text }], systems: [ANY] })
  const comment = `// ${'x'.repeat(MAX_SET_BYTES - rule.length - 4)}\n`
  const long = load(comment + rule)
  assert.ok(long.ok)
  const asked = request({ system: 'any', action: 'take', effects: ['read'], input: json('{}') })
  assert.equal(told(long.set, asked).answer, 'allow')
  assert.equal(load(`${comment}/${rule}`).ok, false)
  assert.equal(load(`${rule}\n${rule}`).ok, false)
  assert.equal(load(`${rule}\n${rule.replace('"p"', '"P"')}`).ok, true)
})

test('INV-2 Unicode: a role, an action and an id that only look right are others', () => {
  const set = compiled('@id("p") permit (principal in Role::"support", action, resource);')
  const agent = { instance: '0192-1', name: 'helper', roles: ['suppоrt'] }
  assert.equal(set.decide(request()).parties[1]?.answer, 'allow')
  assert.equal(set.decide(request({ agent })).parties[1]?.answer, 'deny')
  assert.equal(set.decide(request({ action: 'сreate_refund' })).answer, 'deny')
  const source = { file: 'a.cedar', text: '@id("ассept") permit (principal, action, resource);' }
  assert.equal(compilePolicySet({ sources: [source], systems: [] }).ok, false)
})
