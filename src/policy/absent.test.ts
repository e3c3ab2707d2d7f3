// Holds the tests of absent parties: acting without a user or a task takes a permit that names it (INV-4).

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BILLING, compiled, request, TASK, taskless, unattended } from './fixture.test.ts'
import { compilePolicySet } from './load.ts'

const permit = (annotation = '', scope = 'principal') =>
  compiled(`@id("p") ${annotation} permit (${scope}, action, resource);`)

const alone = () => {
  const { task: _, ...rest } = unattended()
  return rest
}

test('INV-4 an absent party is never consent: the permit of the agent names who is absent', () => {
  const rows: [string, string, string, string, string][] = [
    ['', 'allow', 'deny', 'deny', 'deny'],
    ['@without("user")', 'allow', 'allow', 'deny', 'deny'],
    ['@without("task")', 'allow', 'deny', 'allow', 'deny'],
    ['@without("user, task")', 'allow', 'allow', 'allow', 'allow'],
    ['@without("task,user")', 'allow', 'allow', 'allow', 'allow'],
  ]
  for (const [annotation, ...expected] of rows) {
    const set = permit(annotation)
    const calls = [request(), unattended(), taskless(), alone()]
    assert.deepEqual(
      calls.map((call) => set.decide(call).answer),
      expected,
      annotation,
    )
  }
})

test('a list shows what a task that is opened later would allow, and hides what no user will', () => {
  const calls = [request(), unattended(), taskless(), alone()]
  const shown = (annotation: string) => calls.map((call) => permit(annotation).mayCall(call))
  assert.deepEqual(shown(''), [true, false, true, false])
  assert.deepEqual(shown('@without("user")'), [true, true, true, true])
  assert.deepEqual(shown('@without("user, task")'), [true, true, true, true])
  const reads = compiled(
    '@id("p") permit (principal, action, resource) when { context has task && context.task.person == Person::"ada" };',
  )
  assert.equal(reads.mayCall(taskless()), true)
  assert.equal(reads.mayCall(request()), true)
  assert.equal(reads.mayCall(request({ task: { ...TASK, person: 'eve' } })), false)
})

test('INV-4 two permits do not name between them what one has to name', () => {
  const set = compiled(`
@id("u") @without("user") permit (principal, action, resource);
@id("t") @without("task") permit (principal, action, resource);`)
  assert.equal(set.decide(alone()).answer, 'deny')
  assert.equal(set.decide(taskless()).answer, 'allow')
})

test('INV-4 a permit that names the absent and one that crosses are not one that does both', () => {
  const environments = { agent: 'staging', system: 'production' }
  const apart = { ...taskless(), environments }
  const two = compiled(`
@id("people") @crosses("environment") permit (principal is Person, action, resource);
@id("t") @without("task") permit (principal is Instance, action, resource);
@id("c") @crosses("environment") permit (principal is Instance, action, resource);`)
  assert.equal(two.decide(apart).answer, 'deny')
  const one = permit('@without("task") @crosses("environment")')
  assert.equal(one.decide(apart).answer, 'allow')
})

test('INV-4 every agent of a chain needs a permit that names the absent', () => {
  const above = { instance: 'i-0', name: 'above', roles: ['lead'] }
  const set = compiled(`
@id("w") @without("task") permit (principal in Role::"support", action, resource);
@id("l") permit (principal in Role::"lead", action, resource);`)
  const decision = set.decide(taskless({ delegators: [above] }))
  assert.deepEqual(
    decision.parties.map(({ party, answer, without }) => [party, answer, without]),
    [
      ['person', 'allow', undefined],
      ['delegator', 'deny', ['task']],
      ['agent', 'allow', undefined],
    ],
  )
})

test('the operator is told which permit does not name whom, the agent that there is none without it', () => {
  const { parties, reason } = permit().decide(alone())
  assert.equal(
    parties[0]?.reason,
    'the agent is denied: the call is made without a user and without a task, and `p` does not say `@without("user, task")`',
  )
  assert.equal(reason, 'no policy permits this call without a user and without a task')
  const people = compiled('@id("p") permit (principal is Instance, action, resource);')
  assert.equal(
    people.decide(taskless()).reason,
    'no policy permits this call',
    'nor does the person',
  )
  const nothing = compiled('').decide(alone())
  assert.equal(nothing.reason, 'no policy permits this call')
  assert.equal(nothing.parties[0]?.without, undefined)
})

test('people and tasks act for nobody: their permits need not say who is absent', () => {
  const set = compiled(`
@id("people") permit (principal is Person, action, resource);
@id("agents") @without("user, task") permit (principal is Instance, action, resource);`)
  assert.equal(set.decide(taskless()).answer, 'allow')
  assert.equal(set.decide(unattended()).answer, 'allow')
})

test('`@without` and `@advice` are read strictly', () => {
  for (const [text, code] of [
    ['@without("agent") permit', 'policy.bad_annotation'],
    ['@without("") permit', 'policy.bad_annotation'],
    ['@without permit', 'policy.bad_annotation'],
    ['@without("user,user") permit', 'policy.bad_annotation'],
    ['@without("user,") permit', 'policy.bad_annotation'],
    ['@without("User") permit', 'policy.bad_annotation'],
    ['@without("uѕer") permit', 'policy.bad_annotation'], // a Cyrillic ѕ
    ['@without("user") forbid', 'policy.without_on_forbid'],
    ['@without("user") @without("task") permit', 'policy.syntax'],
    ['@Without("user") permit', 'policy.unknown_annotation'],
    ['@advice("") permit', 'policy.bad_annotation'],
    ['@advice("a\\nb") permit', 'policy.bad_annotation'],
    ['@advice("a\\u{202e}b") forbid', 'policy.bad_annotation'],
  ] as const) {
    const sources = [{ file: 'a.cedar', text: `@id("a") ${text} (principal, action, resource);` }]
    const answer = compilePolicySet({ sources, systems: [BILLING] })
    assert.deepEqual(answer.ok ? [] : answer.problems.map((problem) => problem.code), [code], text)
  }
})
