// Holds the tests of decisions: the hold matrix, the intersection, errors, what is set aside, and the laws of all of it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Answer } from '../wire/decision.ts'
import { compiled, FINANCE_GATE, json, request, system, unattended } from './fixture.test.ts'

const PERMIT = '@id("all") permit (principal, action, resource);'
const REFUND = 'refunds-over-100-need-finance'
const large = { input: json('{"amount_cents": 10001}') }

test("DESIGN §6's example: small refunds run, large ones wait for finance, and run once it agreed", () => {
  const set = compiled(FINANCE_GATE + PERMIT)
  assert.equal(set.decide(request({ input: json('{"amount_cents": 10000}') })).answer, 'allow')
  const held = set.decide(request(large))
  assert.equal(held.answer, 'hold')
  assert.deepEqual(held.gates, [
    { name: 'finance', policy: REFUND, reason: 'refunds above 100 EUR are reviewed by finance' },
  ])
  assert.equal(
    held.reason,
    'this call waits for the approval of finance: refunds above 100 EUR are reviewed by finance',
  )
  assert.equal(held.policySet, set.digest)
  assert.deepEqual(
    held.parties.map(({ party, principal, answer }) => [party, principal, answer]),
    [
      ['person', 'Person::"ada"', 'hold'],
      ['agent', 'Instance::"0192-1"', 'hold'],
      ['task', 'Task::"task-1"', 'allow'],
    ],
  )
  const after = set.decide(request({ ...large, setAside: new Set([REFUND]) }))
  assert.equal(after.answer, 'allow')
  assert.deepEqual(after.gates, [])
})

test('roles reach agents by their instance, and people', () => {
  const set = compiled(
    '@id("p") @without("user") permit (principal in Role::"support", action, resource);',
  )
  assert.equal(set.decide(request()).answer, 'allow')
  assert.equal(set.decide(unattended()).answer, 'allow')
  assert.equal(set.decide(request({ person: { id: 'ada', roles: [] } })).answer, 'deny')
  const agent = { instance: 'i', name: 'helper', roles: [] }
  assert.equal(set.decide(request({ agent })).answer, 'deny')
  const byName = compiled(
    '@id("p") @without("user") permit (principal in Agent::"helper", action, resource);',
  )
  assert.equal(byName.decide(unattended()).answer, 'allow')
  assert.equal(byName.decide(request()).answer, 'deny', 'the person is not permitted')
})

test('groups: by system, by effect; an action without labels is in every effect group', () => {
  const bySystem = compiled(
    '@id("p") permit (principal, action in Action::"system:billing", resource);',
  )
  assert.equal(bySystem.decide(request()).answer, 'allow')
  for (const effect of ['read', 'write', 'destructive', 'external', 'spend', 'privileged']) {
    const set = compiled(
      `${PERMIT} @id("f") forbid (principal, action in Action::"effect:${effect}", resource);`,
    )
    const expected: Answer = effect === 'write' || effect === 'spend' ? 'deny' : 'allow'
    assert.equal(set.decide(request()).answer, expected, effect)
    const bare = request({ action: 'unlabelled', effects: [], input: json('{}') })
    assert.equal(set.decide(bare).answer, 'deny', effect)
  }
})

const FORBIDS = {
  none: '',
  gated: '@id("g") @gate("finance") forbid (principal, action, resource);',
  second: '@id("h") @gate("legal") forbid (principal, action, resource);',
  plain: '@id("f") @reason("never") forbid (principal, action, resource);',
  erring:
    '@id("e") forbid (principal, action == Action::"billing/create_refund", resource) when { context.input.amount_cents + 9223372036854775807 > 0 };',
  gatedErring:
    '@id("e") @gate("finance") forbid (principal, action == Action::"billing/create_refund", resource) when { context.input.amount_cents + 9223372036854775807 > 0 };',
}

test('the hold matrix', () => {
  const rows: [string, string, string[], Answer, string[]][] = [
    ['', FORBIDS.none, [], 'deny', []],
    [PERMIT, FORBIDS.none, [], 'allow', []],
    [PERMIT, FORBIDS.gated, [], 'hold', ['g']],
    ['', FORBIDS.gated, [], 'deny', []],
    [PERMIT, FORBIDS.plain, [], 'deny', []],
    [PERMIT, FORBIDS.gated + FORBIDS.plain, [], 'deny', []],
    [PERMIT, FORBIDS.gated + FORBIDS.second, [], 'hold', ['g', 'h']],
    [PERMIT, FORBIDS.gated + FORBIDS.second, ['g'], 'hold', ['h']],
    [PERMIT, FORBIDS.gated + FORBIDS.second, ['g', 'h'], 'allow', []],
    [PERMIT, FORBIDS.gated + FORBIDS.plain, ['g'], 'deny', []],
    [PERMIT, FORBIDS.plain, ['f'], 'deny', []],
    ['', FORBIDS.gated, ['g'], 'deny', []],
    [PERMIT, FORBIDS.erring, [], 'deny', []],
    [PERMIT, FORBIDS.gatedErring, [], 'deny', []],
    [PERMIT, FORBIDS.gatedErring, ['e'], 'deny', []],
    [PERMIT, FORBIDS.gated + FORBIDS.erring, [], 'deny', []],
  ]
  for (const [permits, forbids, setAside, answer, gates] of rows) {
    const decision = compiled(permits + forbids).decide(request({ setAside: new Set(setAside) }))
    const row = JSON.stringify([permits, forbids, setAside])
    assert.equal(decision.answer, answer, row)
    assert.deepEqual(
      decision.gates.map((gate) => gate.policy),
      gates,
      row,
    )
    assert.equal(decision.gates.length > 0, answer === 'hold', row)
  }
})

test('a hold needs every party: nobody is asked about a call that one of them may never make', () => {
  const gate = FORBIDS.gated
  const agentOnly = compiled(
    `${gate} @id("p") @without("user") permit (principal is Instance, action, resource);`,
  )
  const decision = agentOnly.decide(request())
  assert.equal(decision.answer, 'deny')
  assert.deepEqual(
    decision.parties.map((party) => party.answer),
    ['deny', 'hold', 'hold'],
  )
  assert.deepEqual(decision.gates, [])
  assert.equal(agentOnly.decide(unattended()).answer, 'hold')
})

test('INV-2 a forbid that errs denies, by name for the operator and without it for the agent', () => {
  const decision = compiled(PERMIT + FORBIDS.erring).decide(request())
  assert.equal(decision.answer, 'deny')
  assert.equal(decision.reason, 'a policy could not be evaluated for this call')
  const [party] = decision.parties
  assert.equal(party?.reason, 'the person is denied: `e` could not be evaluated')
  assert.equal(party?.errors[0]?.effect, 'forbid')
  assert.match(party?.errors[0]?.message ?? '', /overflow/)
})

test('a permit that errs merely does not permit', () => {
  const erring = FORBIDS.erring.replace('forbid', 'permit')
  const alone = compiled(erring).decide(request())
  assert.equal(alone.answer, 'deny')
  assert.equal(alone.reason, 'no policy permits this call')
  const beside = compiled(erring + PERMIT).decide(request())
  assert.equal(beside.answer, 'allow')
  assert.equal(beside.parties[0]?.errors[0]?.id, 'e')
})

test('the agent is told reasons of forbids and nothing else about them', () => {
  assert.equal(compiled(PERMIT + FORBIDS.plain).decide(request()).reason, 'never')
  const silent = compiled(`${PERMIT} @id("secret-name") forbid (principal, action, resource);`)
  assert.equal(silent.decide(request()).reason, 'a policy forbids this call')
})

test('INV-2 what is unknown is denied: system, action, lookalike, other effects, a time that is none', () => {
  const set = compiled(PERMIT)
  const denied = [
    request({ system: 'other' }),
    request({ action: 'create_refund2' }),
    request({ action: 'creаte_refund' }), // a Cyrillic а
    request({ system: 'billing/create', action: 'refund' }),
    request({ system: 'BILLING' }),
    request({ action: '__proto__' }),
    request({ effects: ['read'] }),
    request({ effects: [] }),
    request({ now: Number.NaN }),
    request({ now: 1e18 }),
    request({ input: json('{}') }),
    request({ input: json('{"amount_cents":"500"}') }),
    request({ input: json('{"amount_cents":1.5}') }),
  ]
  for (const one of denied) {
    const decision = set.decide(one)
    assert.equal(decision.answer, 'deny', JSON.stringify(one))
    assert.equal(decision.parties.length, 3)
    assert.ok(decision.parties.every((party) => /\(policy\.[a-z_]+\)/.test(party.reason)))
  }
})

test('the context: user, effects, now, unseen', () => {
  const when = (condition: string) =>
    compiled(`@id("p") permit (principal, action, resource) when { ${condition} };`)
  const user = when('context has user && context.user in Role::"support"')
  assert.equal(user.decide(request()).answer, 'allow')
  assert.equal(user.decide(unattended()).answer, 'deny')
  const effects = when('context.effects.contains("spend") && !context.effects.contains("read")')
  assert.equal(effects.decide(request()).answer, 'allow')
  const now = when('context.now == datetime("2026-11-22T10:00:00.000Z")')
  assert.equal(now.decide(request()).answer, 'allow')
  const unseen = when('context.unseen == ["/extra/~1x"] || context.unseen == ["/extra"]')
  const extra = json('{"amount_cents":1,"extra":{"/x":1}}')
  assert.equal(unseen.decide(request({ input: extra })).answer, 'allow')
  assert.equal(unseen.decide(request()).answer, 'deny')
})

const SHOP = system('shop', {
  buy: {
    input: {
      type: 'object',
      properties: { n: { type: 'integer' }, who: { type: 'string' } },
      required: ['n'],
    },
    effects: ['spend'],
  },
})

const conditions = fc.constantFrom(
  '',
  'when { context.input.n > 2 }',
  'when { context.input.n + 9223372036854775806 > 0 }',
  'when { context.input has who && context.input.who like "a*" }',
  'when { context has user && context.user in Role::"a" }',
  'unless { context.effects.contains("spend") }',
)
const scopes = fc.constantFrom(
  'principal',
  'principal in Role::"a"',
  'principal is Person',
  'principal is Instance in Role::"b"',
)
const rule = fc.record({
  scope: scopes,
  condition: conditions,
  gate: fc.boolean(),
  without: fc.constantFrom(null, 'user', 'task', 'user, task'),
})
const rules = fc.record({
  permits: fc.array(rule, { maxLength: 3 }),
  forbids: fc.array(rule, { maxLength: 3 }),
})
type Rule = { scope: string; condition: string; gate: boolean; without: string | null }
const permitText = ({ scope, condition, without }: Rule, i: number) =>
  `@id("p${i}") ${without === null ? '' : `@without("${without}")`} permit (${scope}, action, resource) ${condition};`
const forbidText = ({ scope, condition, gate }: Rule, i: number) =>
  `@id("f${i}") ${gate ? '@gate("ops")' : ''} forbid (${scope}, action, resource) ${condition};`
const roleSets = fc.subarray(['a', 'b'])
const calls = fc
  .record({
    agent: roleSets,
    person: fc.option(roleSets),
    n: fc.integer({ min: 0, max: 4 }),
    who: fc.option(fc.constantFrom('ann', 'bob')),
    setAside: fc.subarray(['f0', 'f1', 'p0']),
  })
  .map(({ agent, person, n, who, setAside }) => ({
    ...(person === null ? unattended() : request({ person: { id: 'ada', roles: person } })),
    agent: { instance: 'i', name: 'helper', roles: agent },
    system: 'shop',
    action: 'buy',
    effects: ['spend' as const],
    input: json(JSON.stringify(who === null ? { n } : { n, who })),
    setAside: new Set(setAside),
  }))

const RANK: Readonly<Record<Answer, number>> = { deny: 0, hold: 1, allow: 2 }

function shop(permits: readonly Rule[], forbids: readonly Rule[]) {
  const text = [...permits.map(permitText), ...forbids.map(forbidText)].join('\n')
  return compiled(text.replaceAll('action, resource', 'action == Action::"shop/buy", resource'), [
    SHOP,
  ])
}

test('law: adding a forbid never widens', () => {
  fc.assert(
    fc.property(rules, rule, calls, ({ permits, forbids }, more, call) => {
      const before = shop(permits, forbids).decide(call).answer
      const after = shop(permits, [...forbids, more]).decide(call).answer
      assert.ok(RANK[after] <= RANK[before], `${before} became ${after}`)
    }),
    { numRuns: 150 },
  )
})

test('law: removing a permit never widens; setting aside what is not gated changes nothing; lists hide nothing allowed', () => {
  fc.assert(
    fc.property(rules, calls, ({ permits, forbids }, call) => {
      const set = shop(permits, forbids)
      const whole = set.decide(call)
      assert.ok(RANK[shop(permits.slice(1), forbids).decide(call).answer] <= RANK[whole.answer])
      const gated = [...call.setAside].filter(
        (id) => forbids[Number(id.slice(1))]?.gate && id.startsWith('f'),
      )
      const narrowed = set.decide({ ...call, setAside: new Set(gated) })
      assert.deepEqual(narrowed, whole)
      if (whole.answer !== 'deny') assert.ok(set.mayCall(call))
    }),
    { numRuns: 150 },
  )
})

test('law: the intersection is the least of what each party would get alone', () => {
  fc.assert(
    fc.property(rules, calls, ({ permits, forbids }, call) => {
      const decision = shop(permits, forbids).decide(call)
      const least = Math.min(...decision.parties.map((party) => RANK[party.answer]))
      assert.equal(RANK[decision.answer], least)
      for (const party of decision.parties) {
        if (party.errors.some(({ effect }) => effect === 'forbid'))
          assert.equal(party.answer, 'deny')
      }
    }),
    { numRuns: 100 },
  )
})
