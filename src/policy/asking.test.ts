// Holds the tests of what a system may ask back: it is the one party, and only a permit that names it lets it (DESIGN §2).

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DecisionRequest } from '../wire/decision.ts'
import { compiled, request, system } from './fixture.test.ts'

const OPEN = { type: 'object', additionalProperties: true }
const FILES = system('files', {
  'elicitation/create': { input: OPEN, effects: ['read', 'external'] },
  'sampling/createMessage': { input: OPEN, effects: ['read', 'external', 'spend'] },
  read: { input: { type: 'object' } },
})

const MAIL = system('mail', { 'elicitation/create': { input: OPEN, effects: ['read'] } })

const asking = (more: Partial<DecisionRequest> = {}): DecisionRequest =>
  request({
    asking: true,
    system: 'files',
    action: 'elicitation/create',
    input: {},
    effects: ['read', 'external'],
    ...more,
  })

test('INV-2 what a system asks is denied unless a permit names the system as its principal', () => {
  for (const [policy, answer] of [
    ['permit (principal, action, resource);', 'deny'],
    ['permit (principal, action == Action::"files/elicitation/create", resource);', 'deny'],
    [
      'permit (principal == System::"files", action == Action::"files/elicitation/create", resource);',
      'allow',
    ],
    [
      'permit (principal is System, action == Action::"files/elicitation/create", resource);',
      'allow',
    ],
    [
      'permit (principal == System::"files", action == Action::"files/sampling/createMessage", resource);',
      'deny',
    ],
    [
      'permit (principal == System::"mail", action == Action::"files/elicitation/create", resource);',
      'deny',
    ],
  ] as const) {
    const decision = compiled(`@id("p") ${policy}`, [FILES, MAIL]).decide(asking())
    assert.equal(decision.answer, answer, policy)
    assert.deepEqual(
      decision.parties.map(({ party, principal }) => [party, principal]),
      [['system', 'System::"files"']],
    )
  }
})

test('INV-2 a forbid stands against a system as against everybody, and one that errs denies', () => {
  const may = '@id("p") permit (principal is System, action, resource);'
  const never =
    '@id("f") forbid (principal, action, resource) when { context.effects.contains("external") };'
  assert.equal(compiled(`${may}\n${never}`, [FILES]).decide(asking()).answer, 'deny')
  const errs =
    '@id("e") forbid (principal, action, resource) when { context.history.calls.day > 3 };'
  const unknown = asking()
  delete (unknown as { history?: unknown }).history
  const decision = compiled(`${may}\n${errs}`, [FILES]).decide(unknown)
  assert.equal(decision.answer, 'deny')
  assert.deepEqual(
    decision.parties[0]?.errors.map(({ id }) => id),
    ['e'],
  )
})

test('INV-4 a system gets nothing by its questions that its agents’ own calls are decided by', () => {
  const set = compiled('@id("p") permit (principal is System, action, resource);', [FILES])
  const call = request({ system: 'files', action: 'read', input: {}, effects: ['read'] })
  assert.equal(set.decide(call).answer, 'deny')
})
