// Holds the differential test of whole calls: random sets and requests, decided by what is compiled and by the library alone.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { json, QUIET, request, system, TASK } from '../../src/policy/fixture.test.ts'
import { compilePolicySet } from '../../src/policy/load.ts'
import type { PolicySet } from '../../src/policy/set.ts'
import type { Decision, DecisionRequest } from '../../src/wire/decision.ts'

const SHOP = system('shop', {
  buy: {
    input: {
      type: 'object',
      properties: {
        n: { type: 'integer' },
        x: { type: 'number' },
        who: { type: 'string' },
        tags: { type: 'array', items: { type: 'string' } },
      },
    },
    effects: ['write'],
  },
})

const CONDITIONS = [
  'true',
  'context.input has n && context.input.n * 4611686018427387904 > 0',
  'context.input has n && context.input.n == 9007199254740993',
  'context.input has x && context.input.x.lessThan(decimal("0.5"))',
  'context.input has who && context.input.who like "a*b"',
  'context.input has tags && context.input.tags.containsAny(["a", "b"])',
  'context has user && context.user in Role::"buyer"',
  'context.now < datetime("2026-11-23T00:00:00Z")',
  'context has task && context.task.intent == "look after the refunds of today"',
  'context.history.calls.hour >= 3',
  'context.history.labels.contains("secret")',
  'context has network && context.network.ip.isInRange(ip("10.0.0.1/8"))',
  'context.effects.contains("write")',
  'context.unseen.isEmpty()',
]

const policy = fc
  .record({
    effect: fc.constantFrom('permit', 'permit', 'forbid'),
    principal: fc.constantFrom(
      'principal',
      'principal in Role::"buyer"',
      'principal is Person',
      'principal is Instance in Agent::"helper"',
      'principal == Person::"ada"',
    ),
    action: fc.constantFrom(
      'action',
      'action in Action::"effect:write"',
      'action == Action::"shop/buy"',
    ),
    kind: fc.constantFrom('when', 'unless'),
    condition: fc.constantFrom(...CONDITIONS),
    gate: fc.boolean(),
    without: fc.boolean(),
  })
  .map(({ effect, principal, action, kind, condition, gate, without }) => {
    const marks =
      effect === 'forbid' ? (gate ? '@gate("boss")' : '') : without ? '@without("user, task")' : ''
    // Only actions of the shop have these arguments.
    const scope = condition.includes('input') ? 'action == Action::"shop/buy"' : action
    return `${marks} ${effect} (${principal}, ${scope}, resource) ${kind} { ${condition} };`
  })

const roles = fc.subarray(['buyer', 'support', 'other'])
const calls: fc.Arbitrary<DecisionRequest> = fc
  .record({
    agent: fc.record({
      instance: fc.constantFrom('i1', 'i2'),
      name: fc.constantFrom('helper', 'other'),
      roles,
    }),
    person: fc.option(fc.record({ id: fc.constantFrom('ada', 'bob'), roles }), { nil: undefined }),
    task: fc.option(fc.constant(TASK), { nil: undefined }),
    input: fc
      .constantFrom(
        '{}',
        '{"n": 1}',
        '{"n": 2}',
        '{"n": 9007199254740993}',
        '{"x": 0.25}',
        '{"x": 0.00001}',
        '{"who": "a1b"}',
        '{"tags": ["b"]}',
        '{"n": 1.5}',
        '{"other": 1}',
      )
      .map(json),
    hour: fc.nat(5),
    labels: fc.subarray(['secret']),
    address: fc.constantFrom('10.1.1.1', '::1', 'nonsense'),
    now: fc.constantFrom(1_795_300_000_000, 1_795_345_100_000),
  })
  .map(({ agent, person, task, input, hour, labels, address, now }) => {
    const { person: _person, task: _task, ...base } = request({ input, now, agent })
    return {
      ...base,
      system: 'shop',
      action: 'buy',
      effects: ['write'],
      network: { listener: 'gateway', address },
      history: { ...QUIET, calls: { minute: 0, hour, day: hour }, labels },
      ...(person !== undefined && { person }),
      ...(task !== undefined && { task }),
    }
  })

function told({ answer, gates, parties }: Decision) {
  const ids = (all: readonly { readonly id: string }[]) => all.map(({ id }) => id)
  return {
    answer,
    gates: gates.map((gate) => gate.policy),
    parties: parties.map((party) => [
      party.principal,
      party.answer,
      ids(party.policies),
      ids(party.errors),
    ]),
  }
}

function setOf(policies: readonly string[]): PolicySet {
  const text = policies.map((one, at) => `@id("p${at}") ${one}`).join('\n')
  const compiled = compilePolicySet({ sources: [{ file: 'a.cedar', text }], systems: [SHOP] })
  return compiled.ok ? compiled.set : assert.fail(JSON.stringify(compiled.problems))
}

test('INV-2 whole calls are decided as the library decides them, and what is never allowed is never listed as allowed', () => {
  const seen = { allow: 0, hold: 0, deny: 0, hidden: 0 }
  const sets = fc.array(policy, { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(sets, fc.array(calls, { minLength: 5, maxLength: 5 }), (policies, asked) => {
      const set = setOf(policies)
      for (const one of asked) {
        const decision = set.decide(one)
        assert.deepEqual(told(decision), told(set.secondOpinion(one)))
        seen[decision.answer]++
        if (set.mayCall(one)) continue
        assert.equal(decision.answer, 'deny')
        seen.hidden++
      }
    }),
    { numRuns: 150, seed: 20_261_123, endOnFailure: true },
  )
  for (const [kind, count] of Object.entries(seen)) assert.ok(count > 5, `${kind}: ${count}`)
})
