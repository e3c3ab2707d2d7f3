// Holds the tests of parties beyond person and agent: who passed authority on, environments, and what was attested.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compilePolicySet } from './load.ts'
import { BILLING, compiled, request } from './fixture.test.ts'

const EVERYBODY = `@id("support") permit (principal in Role::"support", action, resource);`
const chained = (...roles: string[][]) =>
  request({
    delegators: roles.map((held, n) => ({ instance: `i-${n}`, name: `above-${n}`, roles: held })),
  })

test('INV-4 every agent that passed authority on is a party of its own, the highest first', () => {
  const set = compiled(EVERYBODY)
  const allowed = set.decide(chained(['support'], ['support']))
  assert.equal(allowed.answer, 'allow')
  assert.deepEqual(
    allowed.parties.map(({ party, principal }) => [party, principal]),
    [
      ['person', 'Person::"ada"'],
      ['delegator', 'Instance::"i-0"'],
      ['delegator', 'Instance::"i-1"'],
      ['agent', 'Instance::"0192-1"'],
      ['task', 'Task::"task-1"'],
    ],
  )
  const denied = set.decide(chained(['support'], ['sales']))
  assert.equal(denied.answer, 'deny')
  assert.deepEqual(
    denied.parties.map(({ answer }) => answer),
    ['allow', 'allow', 'deny', 'allow', 'allow'],
  )
  assert.match(denied.parties[2]?.reason ?? '', /^the delegating agent `above-1` is denied/)
  assert.equal(set.mayCall(chained(['support'], ['sales'])), false)
  assert.equal(set.mayCall(chained(['support'], ['support'])), true)
})

test('INV-4 a gate of a delegating agent holds the call of the agent below it', () => {
  const gated = `@id("g") @gate("finance") forbid (principal in Role::"junior", action, resource);`
  const set = compiled(`${EVERYBODY}\n${gated}`)
  const held = set.decide(chained(['support', 'junior']))
  assert.equal(held.answer, 'hold')
  assert.deepEqual(
    held.gates.map(({ policy }) => policy),
    ['g'],
  )
})

const APART = { environments: { agent: 'staging', system: 'production' } }

test('an agent of one environment reaches no system of another unless a permit says that it crosses', () => {
  const set = compiled(EVERYBODY)
  assert.equal(set.decide(request(APART)).answer, 'deny')
  assert.equal(set.mayCall(request(APART)), false)
  const { reason } = set.decide(request(APART))
  assert.equal(
    reason,
    'the agent is of the environment `staging`, the system of `production`, and no policy lets this call cross',
  )
  const same = { environments: { agent: 'staging', system: 'staging' } }
  assert.equal(set.decide(request(same)).answer, 'allow')
  assert.equal(set.mayCall(request(same)), true)
  const crossing = compiled(`@crosses("environment") ${EVERYBODY}`)
  assert.equal(crossing.decide(request(APART)).answer, 'allow')
  assert.equal(crossing.mayCall(request(APART)), true)
})

test('INV-4 every party has to be let across: the permit of one is not that of another', () => {
  const set = compiled(`
@id("people") @crosses("environment") permit (principal is Person, action, resource);
@id("agents") permit (principal is Instance, action, resource);`)
  const { answer, parties } = set.decide(request(APART))
  assert.equal(answer, 'deny')
  assert.deepEqual(
    parties.map((party) => [party.answer, party.environment]),
    [
      ['allow', undefined],
      ['deny', true],
      ['allow', undefined],
    ],
  )
})

test('`@crosses` says environment, on a permit', () => {
  for (const [text, code] of [
    [`@id("a") @crosses("ocean") permit (principal, action, resource);`, 'policy.bad_annotation'],
    [`@id("a") @crosses permit (principal, action, resource);`, 'policy.bad_annotation'],
    [
      `@id("a") @crosses("environment") forbid (principal, action, resource);`,
      'policy.crosses_on_forbid',
    ],
  ] as const) {
    const sources = [{ file: 'a.cedar', text }]
    const answer = compilePolicySet({ sources, systems: [BILLING] })
    assert.deepEqual(answer.ok ? [] : answer.problems.map((problem) => problem.code), [code], text)
  }
})

test('a policy can require what was attested, and what was not attested is not there', () => {
  const set = compiled(`
@id("attested") permit (principal, action, resource)
when { context has attested.code && context.attested.code == "sha256:good" };`)
  assert.equal(set.decide(request({ attested: { code: 'sha256:good' } })).answer, 'allow')
  for (const attested of [undefined, {}, { code: 'sha256:bad' }, { model: 'sha256:good' }]) {
    const of = attested === undefined ? {} : { attested }
    assert.equal(set.decide(request(of)).answer, 'deny', JSON.stringify(attested))
  }
  assert.equal(set.mayCall(request({ attested: { code: 'sha256:good' } })), true)
})
