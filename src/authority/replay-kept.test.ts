// Holds the tests of what is left of an older row after the log's newest word on it: never more than it had.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Agent } from '../store/rows/agent.ts'
import { agentBody } from './registry/agent-record.ts'
import { rolesNow } from './registry/roles.ts'
import { agentKept, keyKept, leaverKept, rolesKept, teamKept } from './replay-kept.ts'

const role = fc.constantFrom('a', 'b', 'c')
const optional = { nil: undefined }

const agent: fc.Arbitrary<Agent> = fc
  .record({
    assignments: fc.uniqueArray(
      fc.record({ role, expiresAt: fc.option(fc.integer({ min: 1, max: 50 }), optional) }),
      { selector: ({ role: name }) => name },
    ),
    unattended: fc.boolean(),
    taskless: fc.option(fc.boolean(), optional),
    environment: fc.option(fc.constantFrom('default', 'production'), optional),
    expiresAt: fc.option(fc.integer({ min: 1, max: 50 }), optional),
    state: fc.constantFrom('pending', 'active', 'suspended', 'retired'),
  })
  .map(({ assignments, unattended, taskless, environment, expiresAt, state }) => {
    const sorted = assignments
      .sort((a, b) => (a.role < b.role ? -1 : 1))
      .map(({ expiresAt: end, ...one }) => ({
        ...one,
        reason: 'r',
        by: 'per_1',
        at: 0,
        ...(end !== undefined && { expiresAt: end }),
      }))
    return {
      name: 'bot',
      owner: 'per_1',
      purpose: 'p',
      roles: sorted.map((one) => one.role),
      assignments: sorted,
      unattended,
      ...(taskless !== undefined && { taskless }),
      ...(environment !== undefined && { environment }),
      ...(expiresAt !== undefined && { expiresAt }),
      state,
      createdAt: 0,
    }
  })

test('INV-13 whatever the row and the newest word, what is left has no right that either of them lacks', () => {
  fc.assert(
    fc.property(agent, agent, fc.integer({ min: 0, max: 60 }), (row, word, now) => {
      const kept = agentKept(row, agentBody(word, {})) ?? row
      const held = rolesNow(kept, now)
      for (const name of held) {
        assert.ok(rolesNow(row, now).includes(name), `${name} was not in the row`)
        assert.ok(rolesNow(word, now).includes(name), `${name} was taken away`)
      }
      if (kept.unattended) assert.ok(row.unattended && word.unattended)
      if (kept.taskless === true) assert.ok(row.taskless === true && word.taskless === true)
      if (kept.state === 'active') {
        assert.equal(row.state, 'active')
        assert.ok(!['suspended', 'retired'].includes(word.state))
      }
      assert.equal(kept.state === 'retired', row.state === 'retired' || word.state === 'retired')
      const end = Math.min(row.expiresAt ?? Infinity, word.expiresAt ?? Infinity)
      assert.equal(kept.expiresAt ?? Infinity, end)
      assert.equal(kept.environment ?? 'default', word.environment ?? 'default')
      assert.equal(agentKept(kept, agentBody(word, {})), undefined, 'a second time changes nothing')
    }),
  )
})

test('the word on the row itself leaves it as it is', () => {
  fc.assert(fc.property(agent, (row) => agentKept(row, agentBody(row, {})) === undefined))
})

test('a body from before environments and ends narrows what it speaks of, and nothing else', () => {
  const row: Agent = {
    name: 'bot',
    owner: 'per_1',
    purpose: 'p',
    roles: ['a', 'b'],
    unattended: true,
    environment: 'production',
    clients: ['https://a.example/x'],
    state: 'active',
    createdAt: 0,
  }
  const body = { roles: ['a'], unattended: true, state: 'active' }
  assert.deepEqual(agentKept(row, body), { ...row, roles: ['a'] })
})

test('people who left, keys and members that were taken out, stay so', () => {
  const person = {
    id: 'per_1',
    name: 'bob',
    roles: ['operator', 'viewer'],
    credentials: [{ kid: 'k', publicKey: 'p', createdAt: 0 }],
    passkeys: [{ id: 'pk', publicKey: 'p', counter: 0, transports: [], createdAt: 0 }],
    createdAt: 0,
  }
  const left = leaverKept(person)
  assert.deepEqual([left?.state, left?.roles, left?.credentials], ['left', [], []])
  assert.equal(left?.passkeys, undefined)
  assert.equal(left && leaverKept(left), undefined)
  assert.deepEqual(rolesKept(person, { roles: ['viewer', 'administrator'] })?.roles, ['viewer'])
  assert.equal(rolesKept(person, { roles: ['operator', 'viewer'] }), undefined)
  assert.deepEqual(keyKept(person, { key: 'k' })?.credentials, [])
  assert.deepEqual(keyKept(person, { passkey: 'pk' })?.passkeys, [])
  assert.equal(keyKept(person, { key: 'other' }), undefined)
  const team = { name: 'mail', members: ['per_1', 'per_2'], createdAt: 0 }
  assert.deepEqual(teamKept(team, { members: ['per_2', 'per_3'] })?.members, ['per_2'])
  assert.equal(teamKept(team, { members: ['per_1', 'per_2', 'per_3'] }), undefined)
})
