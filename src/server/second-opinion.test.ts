// Holds the tests of the second opinion: a set that decides otherwise than the library is found, told, and taken off.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compilePolicySet } from '../policy/load.ts'
import type { PolicySet } from '../policy/set.ts'
import type { DecisionRequest } from '../wire/decision.ts'
import { FakeTimer } from '../../test/fakes/identity.ts'
import { LivePolicy } from './live-policy.ts'
import { SecondOpinion, type Disagreement } from './second-opinion.ts'

const SYSTEM = {
  name: 'notes',
  transport: { kind: 'stdio' as const, command: '/bin/true', args: [], env: [] },
  era: '2025-11-25' as const,
  server: { name: 'notes', version: '1' },
  actions: [
    {
      name: 'read',
      inputSchema: { type: 'object', properties: { n: { type: 'integer' } } },
      effects: ['read' as const],
      digest: 'sha256:x',
    },
  ],
  maxProcesses: 1,
  digest: 'sha256:x',
}

const REQUEST: DecisionRequest = {
  agent: { instance: 'i', name: 'bot', roles: [] },
  system: 'notes',
  action: 'read',
  input: { n: 1 },
  effects: ['read'],
  now: 1_795_341_600_000,
  setAside: new Set(),
}

function setOf(text: string): PolicySet {
  const compiled = compilePolicySet({ sources: [{ file: 'a.cedar', text }], systems: [SYSTEM] })
  assert.ok(compiled.ok, JSON.stringify(compiled))
  return compiled.set
}

const ANY = '@id("any") @without("user, task") permit (principal, action, resource);'
const SOME = `@id("any") @without("user, task") permit (principal, action, resource) when { context.input has n && context.input.n > 1 };`

function watched(set: PolicySet) {
  const timer = new FakeTimer()
  const told: Disagreement[] = []
  const policy = new LivePolicy()
  policy.watch(
    new SecondOpinion(timer, (doubted, disagreement) => {
      told.push(disagreement)
      policy.doubt(doubted)
    }),
  )
  policy.put(set, [])
  return { timer, told, policy }
}

test('a set that decides as the library does is left alone', () => {
  for (const text of [ANY, SOME]) {
    const { timer, told, policy } = watched(setOf(text))
    policy.decide(REQUEST)
    timer.fire()
    assert.deepEqual(told, [])
  }
})

test('INV-2 where the library disagrees it decides from then on, until another set is put in force', () => {
  const [right, wrong] = [setOf(SOME), setOf(ANY)]
  // What a mistake of ours would look like: closures that permit what the text does not.
  const broken: PolicySet = { ...right, decide: (request) => wrong.decide(request) }
  const { timer, told, policy } = watched(broken)
  assert.equal(policy.decide(REQUEST).answer, 'allow')
  timer.fire()
  assert.equal(told.length, 1)
  assert.deepEqual([told[0]?.system, told[0]?.action], ['notes', 'read'])
  assert.equal(policy.decide(REQUEST).answer, 'deny', 'the library decides')
  policy.put(wrong, [])
  assert.equal(policy.decide(REQUEST).answer, 'allow', 'a new set is not doubted')
})

test('no two are looked at within half a minute, and not every one', () => {
  const { timer, policy } = watched(setOf(ANY))
  for (let at = 0; at < 3_000; at++) policy.decide(REQUEST)
  assert.equal(timer.waiting.length, 1)
})
