// Holds the tests of what a decision is taken from: every party of the actor, what the call would set off, where it came from.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { actor, FakePorts } from '../../../test/fakes/ports.ts'
import type { Actor } from '../../wire/actor.ts'
import type { TaskFacts } from '../../wire/task.ts'
import { decide, denied } from './04-decide.ts'

const TASK: TaskFacts = {
  id: 'task-1',
  intent: 'tidy up',
  person: 'per_user',
  scope: [{ action: '*' }],
  budget: {},
  endsAt: 1e15,
  scopeDigest: 'sha256:x',
}

const resolved = {
  system: { name: 'files' },
  action: { name: 'grow', effects: ['write'] },
} as unknown as Parameters<typeof decide>[1]

const network = { listener: 'gateway', address: '127.0.0.1' }

function asked(of: Partial<Actor>, request: Parameters<typeof decide>[2] = { input: {} }) {
  const fake = new FakePorts()
  const { ports } = fake
  return decide({ ...actor(), ...of }, resolved, request, new Set(['f']), ports).asked
}

test('the task of the actor is a party, and an actor without one has none', () => {
  assert.equal(asked({ task: TASK }).task, TASK)
  assert.equal('task' in asked({}), false)
})

test('INV-4 whoever acts under a chain without a person has no person, whatever the delegation is', () => {
  assert.deepEqual(asked({}).person, { id: 'per_user', roles: ['operator'] })
  const nobody = { id: 'del_1', person: '', personRoles: ['operator'] }
  assert.equal('person' in asked({ delegation: nobody }), false)
})

test('INV-11 history, triggers and network are the server’s own, never of the arguments', () => {
  const input = { history: 'mine', network: 'mine', triggers: ['mine'], task: 'mine' }
  const facts = asked({}, { input, network })
  assert.equal(facts.input, input)
  assert.equal(facts.network, network)
  assert.ok(facts.history !== undefined)
  assert.ok(facts.triggers !== undefined && !facts.triggers.includes('mine'))
  assert.equal('task' in facts, false)
  assert.equal('network' in asked({}), false)
  assert.deepEqual([...facts.setAside], ['f'])
})

test('a denial carries what helps the agent do right as its next step, and otherwise the usual one', () => {
  const fake = new FakePorts()
  fake.answers = { grow: 'deny' }
  const { ports } = fake
  const told = () => denied(decide(actor(), resolved, { input: {} }, new Set(), ports), ports)
  assert.deepEqual(
    [told().code, told().detail, told().next],
    [
      'policy.denied',
      'no policy permits it',
      'do something else, or ask for the policy to be changed',
    ],
  )
  fake.advice = ['`size` at most 5', 'open a task whose scope covers `files/grow`']
  assert.equal(told().next, '`size` at most 5; or: open a task whose scope covers `files/grow`')
})
