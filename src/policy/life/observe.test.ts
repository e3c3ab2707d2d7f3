// Holds tests of observe mode: INV-2 says what it never opens, and each of these is tried on real decisions.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Decision, DecisionRequest } from '../../wire/decision.ts'
import { EFFECTS, type Effect } from '../../wire/effect.ts'
import type { SystemDefinition } from '../../wire/system.ts'
import { compilePolicySet } from '../load.ts'
import type { PolicySet } from '../set.ts'
import { observeOpens } from './observe.ts'

const PEOPLE = '@id("people") permit (principal is Person, action, resource);'
const NAMED =
  '@id("named") @without("user, task") permit (principal in Agent::"bot", action == Action::"s/other", resource);'

function system(effects: readonly Effect[]): SystemDefinition {
  const action = (name: string, of: readonly Effect[]) => ({
    name,
    inputSchema: { type: 'object', properties: { n: { type: 'integer' } } },
    effects: of,
    digest: '',
  })
  return {
    name: 's',
    transport: { kind: 'stdio', command: '/bin/true', args: [], env: [] },
    era: '2026-07-28',
    server: { name: 's', version: '1' },
    actions: [action('act', effects), action('other', ['read'])],
    maxProcesses: 1,
    digest: '',
  }
}

interface Tried {
  readonly set: PolicySet
  readonly decision: Decision
  readonly opens: boolean
}

function tried(
  policies: string,
  { effects = ['write'], ...more }: Partial<DecisionRequest> = {},
): Tried {
  const compiled = compilePolicySet({
    sources: [{ file: 'a.cedar', text: policies }],
    systems: [system(effects)],
  })
  assert.ok(compiled.ok, JSON.stringify(compiled))
  const request: DecisionRequest = {
    agent: { instance: 'i', name: 'bot', roles: ['r'] },
    person: { id: 'per_1', roles: [] },
    task: {
      id: 't',
      intent: 'x',
      person: 'per_1',
      scope: [{ action: '*' }],
      budget: {},
      endsAt: 2_000_000_000_000,
      scopeDigest: 'sha256:t',
    },
    system: 's',
    action: 'act',
    input: {},
    effects,
    now: 1_767_225_600_000,
    setAside: new Set(),
    ...more,
  }
  const decision = compiled.set.decide(request)
  return { set: compiled.set, decision, opens: observeOpens(compiled.set, request, decision) }
}

test('it opens what no policy permits the agent, and what a plain forbid denies it', () => {
  assert.equal(tried(PEOPLE).opens, true)
  const forbid = '@id("f") forbid (principal in Role::"r", action, resource);'
  const permit = '@id("p") permit (principal, action, resource);'
  assert.equal(tried(`${PEOPLE}${permit}${forbid}`).opens, true)
  assert.equal(tried(`${PEOPLE}${permit}${forbid}`, { effects: ['read'] }).opens, true)
})

test('INV-2 no effect besides read and write is opened, neither its own nor one that it would set off', () => {
  for (const effect of EFFECTS) {
    const may = effect === 'read' || effect === 'write'
    assert.equal(tried(PEOPLE, { effects: [effect] }).opens, may, effect)
    assert.equal(tried(PEOPLE, { effects: ['read', effect] }).opens, may, effect)
    assert.equal(tried(PEOPLE, { triggered: [effect] }).opens, may, `sets off ${effect}`)
  }
  assert.equal(tried(PEOPLE, { effects: [] }).opens, false, 'an unlabelled action has every effect')
})

test('a hold stays a hold, a gate stays shut, and what was approved is not opened further', () => {
  const gated = '@id("g") @gate("operator") forbid (principal in Role::"r", action, resource);'
  const permit = '@id("p") permit (principal, action, resource);'
  const held = tried(`${PEOPLE}${permit}${gated}`)
  assert.deepEqual([held.decision.answer, held.opens], ['hold', false])
  assert.equal(tried(`${PEOPLE}${gated}`).opens, false, 'a gate behind which nothing is permitted')
  const plain = '@id("f") forbid (principal in Role::"r", action, resource);'
  assert.equal(tried(`${PEOPLE}${permit}${gated}${plain}`).opens, false, 'a gate beside a forbid')
  assert.equal(tried(`${PEOPLE}${gated}`, { setAside: new Set(['g']) }).opens, false)
})

test('a forbid that errs still denies, and so does one with @enforce', () => {
  const permit = '@id("p") permit (principal, action, resource);'
  const errs =
    '@id("e") forbid (principal in Role::"r", action == Action::"s/act", resource) when { context.history.calls.day > 1 };'
  const erring = tried(`${PEOPLE}${permit}${errs}`)
  assert.deepEqual([erring.decision.answer, erring.opens], ['deny', false])
  const hard = '@id("h") @enforce forbid (principal in Role::"r", action, resource);'
  assert.equal(tried(`${PEOPLE}${permit}${hard}`).opens, false)
  const soft = '@id("f") forbid (principal in Role::"r", action, resource);'
  assert.equal(tried(`${PEOPLE}${permit}${soft}${hard}`).opens, false)
})

test('INV-4 what the person, the task or an agent above may not do is not opened', () => {
  assert.equal(tried(NAMED).opens, false, 'the person may not')
  const none = { action: 's/other' }
  const task = { id: 't', intent: 'x', person: 'per_1', scope: [none], budget: {}, endsAt: 2e12 }
  const narrow = { ...task, scopeDigest: 'sha256:narrow' }
  assert.equal(tried(PEOPLE, { task: narrow }).opens, false, 'the task does not cover it')
  const delegators = [{ instance: 'j', name: 'boss', roles: [] }]
  assert.equal(tried(PEOPLE, { delegators }).opens, false, 'the agent above may not')
})

test('INV-4 an absent party is no consent: some policy has to name the agent without it', () => {
  const absent = (policies: string) => {
    const compiled = compilePolicySet({
      sources: [{ file: 'a.cedar', text: policies }],
      systems: [system(['write'])],
    })
    assert.ok(compiled.ok)
    const request: DecisionRequest = {
      agent: { instance: 'i', name: 'bot', roles: ['r'] },
      system: 's',
      action: 'act',
      input: {},
      effects: ['write'],
      now: 1_767_225_600_000,
      setAside: new Set(),
    }
    return observeOpens(compiled.set, request, compiled.set.decide(request))
  }
  assert.equal(absent(PEOPLE), false)
  assert.equal(absent(NAMED), true)
  assert.equal(absent(NAMED.replace('user, task', 'task')), false)
  assert.equal(absent(NAMED.replace('"bot"', '"other-bot"')), false)
})

test('another environment is not reached', () => {
  assert.equal(tried(PEOPLE, { environments: { agent: 'a', system: 'b' } }).opens, false)
  assert.equal(tried(PEOPLE, { environments: { agent: 'a', system: 'a' } }).opens, true)
})

test('what was refused before policies were asked is not opened: unknown actions, other effects, odd arguments', () => {
  const { set } = tried(PEOPLE)
  const base: DecisionRequest = {
    agent: { instance: 'i', name: 'bot', roles: [] },
    person: { id: 'per_1', roles: [] },
    system: 's',
    action: 'act',
    input: {},
    effects: ['write'],
    now: 1_767_225_600_000,
    setAside: new Set(),
  }
  for (const more of [
    { action: 'none' },
    { effects: ['read'] as const },
    { input: { n: 'no integer' } },
    { input: { n: 1e30 } },
  ]) {
    const request: DecisionRequest = { ...base, ...more }
    const decision = set.decide(request)
    assert.equal(decision.answer, 'deny')
    assert.equal(observeOpens(set, request, decision), false, JSON.stringify(more))
    const { person: _, ...alone } = request
    assert.equal(observeOpens(set, alone, set.decide(alone)), false, JSON.stringify(more))
  }
})

test('an allow is none of its business', () => {
  const { decision, opens } = tried(`${PEOPLE}@id("p") permit (principal, action, resource);`)
  assert.deepEqual([decision.answer, opens], ['allow', false])
})
