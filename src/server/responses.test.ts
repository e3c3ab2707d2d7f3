// Holds the tests of responses: which findings lock, that they survive a restart, and that a person closes them.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultOf, withAuthority } from '../../test/fakes/authority.ts'
import type { Finding } from '../detect/finding.ts'
import { respond, type LockOn } from './responses.ts'

const INSTANCE = '01900000-0000-7000-8000-000000000001'

function finding(rule: string, severity: Finding['severity']): Finding {
  const summary = 'something was used a second time'
  return { rule, severity, summary, agent: 'bot', instance: INSTANCE, facts: { place: '10.0.0.1' } }
}

const CASES: readonly (readonly [LockOn, string, Finding['severity'], boolean])[] = [
  ['replays', 'dpop-replay', 'critical', true],
  ['replays', 'credential-in-two-places', 'high', false],
  ['high', 'credential-in-two-places', 'high', true],
  ['high', 'renewal-from-elsewhere', 'medium', false],
  ['none', 'join-race', 'critical', false],
]

for (const [lockOn, rule, severity, locked] of CASES) {
  test(`with \`${lockOn}\`, ${rule} ${locked ? 'locks' : 'does not lock'} its instance`, () =>
    withAuthority(async (home, authority) => {
      await respond(authority, lockOn, finding(rule, severity), home.clock.now())
      const [found] = authority.findings.list()
      assert.equal(found?.rule, rule)
      const [lock] = authority.locks.list()
      assert.equal(lock?.target.name, locked ? INSTANCE : undefined)
      assert.equal(found.lock, lock?.id)
      const types = home.audit.recorded.map(({ draft }) => draft.type)
      assert.equal(types.includes('lock.added'), locked)
      // In force before anything else is done about it.
      if (locked) assert.ok(types.indexOf('lock.added') < types.indexOf('finding.raised'))
    }))
}

test('a second finding about a locked instance names the lock that is there', () =>
  withAuthority(async (home, authority) => {
    await respond(authority, 'replays', finding('dpop-replay', 'critical'), home.clock.now())
    await respond(authority, 'replays', finding('refresh-reuse', 'critical'), home.clock.now())
    assert.equal(authority.locks.list().length, 1)
    const locks = authority.findings.list().map((found) => found.lock)
    assert.equal(new Set(locks).size, 1)
  }))

test('findings and their locks survive a restart; closing one leaves the lock', () =>
  withAuthority(async (home, authority) => {
    await respond(authority, 'replays', finding('dpop-replay', 'critical'), home.clock.now())
    const again = await home.reopen()
    const [found] = again.findings.list()
    assert.ok(found)
    await again.findings.close(found.id, { person: 'per_1', reason: 'it was a test' })
    assert.deepEqual(again.findings.list(), [])
    assert.equal(again.locks.list().length, 1)
    await assert.rejects(
      again.findings.close(found.id, { person: 'per_1', reason: 'twice' }),
      faultOf('finding.unknown'),
    )
    assert.deepEqual((await home.reopen()).findings.list(), [])
  }))
