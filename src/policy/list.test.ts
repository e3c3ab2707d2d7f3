// Holds the tests of listing: hidden only where every call is denied, shown in every doubt.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compiled, request, unattended } from './fixture.test.ts'
import { compilePolicySet } from './load.ts'
import { policySet } from './set.ts'

const PERMIT = '@id("p") @without("user") permit (principal, action, resource);'
const REFUND = 'action == Action::"billing/create_refund"'

function forbid(scope: string, condition: string, annotations = ''): string {
  return `${PERMIT} @id("f") ${annotations} forbid (${scope}, resource) ${condition};`
}

test('what no policy can permit is hidden', () => {
  assert.ok(!compiled('').mayCall(request()))
  assert.ok(compiled(PERMIT).mayCall(request()))
  const other = compiled('@id("p") permit (principal in Role::"x", action, resource);')
  assert.ok(!other.mayCall(request()))
  assert.ok(
    !compiled(`@id("p") permit (principal is Person, action, resource);`).mayCall(request()),
  )
  assert.ok(!compiled(PERMIT).mayCall(request({ action: 'none' })))
  assert.ok(!compiled(PERMIT).mayCall(request({ effects: ['read'] })))
})

test('what is forbidden whatever the arguments are is hidden', () => {
  assert.ok(!compiled(forbid('principal, action', '')).mayCall(request()))
  assert.ok(!compiled(forbid('principal in Role::"support", action', '')).mayCall(request()))
  const byUser = 'when { context has user && context.user == Person::"ada" }'
  assert.ok(!compiled(forbid('principal, action', byUser)).mayCall(request()))
  assert.ok(compiled(forbid('principal, action', byUser)).mayCall(unattended()))
  const byEffect = 'when { context.effects.contains("spend") }'
  assert.ok(!compiled(forbid('principal, action', byEffect)).mayCall(request()))
})

test('what depends on arguments, time or a gate is shown', () => {
  const shown = [
    forbid(`principal, ${REFUND}`, 'when { context.input.amount_cents > 1 }'),
    forbid(`principal, ${REFUND}`, 'unless { context.input.amount_cents > 1 }'),
    forbid('principal, action', 'when { context.now > datetime("1999-01-01") }'),
    forbid('principal, action', 'unless { context.unseen.isEmpty() }'),
    forbid('principal, action', '', '@gate("finance")'),
    `@id("p") permit (principal, ${REFUND}, resource) when { context.input.amount_cents + 9223372036854775807 > 0 };`,
  ]
  for (const text of shown) assert.ok(compiled(text).mayCall(request()), text)
})

test('a policy that names an instance speaks of that one', () => {
  const set = compiled(
    '@id("p") @without("user") permit (principal == Instance::"0192-1", action, resource);',
  )
  assert.ok(set.mayCall(unattended()))
  const agent = { instance: '0192-2', name: 'helper', roles: ['support'] }
  assert.ok(!set.mayCall(unattended({ agent })))
})

test('roles and people are told apart in what is remembered', () => {
  const set = compiled(PERMIT.replace('principal', 'principal in Role::"support"'))
  for (let round = 0; round < 2; round++) {
    assert.ok(set.mayCall(request()))
    assert.ok(!set.mayCall(request({ person: { id: 'ada', roles: [] } })))
    assert.ok(set.mayCall(unattended()))
  }
})

test('an engine that fails hides nothing, and is asked again', () => {
  let asked = 0
  const text = forbid('principal, action', 'when { context.effects.contains("x") }')
  const result = compilePolicySet({ sources: [{ file: 'a', text }], systems: [] })
  assert.ok(result.ok)
  const { schema } = compiled(PERMIT)
  const broken = policySet({
    digest: 'sha256:x',
    schema,
    policies: result.set.policies,
    engine: {
      evaluate: () => assert.fail('not a call'),
      mayAllow() {
        asked++
        throw new Error('trap')
      },
    },
  })
  assert.ok(broken.mayCall(request()))
  assert.ok(broken.mayCall(request()))
  assert.equal(asked, 2)
  const decision = broken.decide(request())
  assert.equal(decision.answer, 'deny', 'INV-2')
  assert.match(decision.parties[0]?.reason ?? '', /internal/)
})

test('more policies than are asked about: shown', () => {
  const many = Array.from(
    { length: 80 },
    (_, i) =>
      `@id("f${i}") forbid (principal, action, resource) when { context.effects.contains("spend") };`,
  )
  assert.ok(compiled(PERMIT + many.join('\n')).mayCall(request()))
})
