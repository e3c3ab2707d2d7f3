// Holds tests of sessions: how many there are, how long they last over a restart, and what is written of them.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../../../test/fakes/clock.ts'
import { faultOf, withAuthority } from '../../../test/fakes/authority.ts'
import { Pending } from './pending.ts'

const HOUR = 3_600_000

test('a session is found by its secret, and the record and the row hold its hash alone', () =>
  withAuthority(async (home, { people, sessions }) => {
    const ann = await people.create({ name: 'ann', roles: ['viewer'] })
    const { cookie, session } = await sessions.open({ person: ann.id, by: 'link' })
    assert.equal(sessions.find(cookie)?.person.id, ann.id)
    assert.equal(sessions.find(session.hash), undefined)
    assert.equal(sessions.find(''), undefined)
    const rows = JSON.stringify(await home.store.sessions.all())
    assert.ok(rows.includes(session.hash) && !rows.includes(cookie))
    assert.ok(!JSON.stringify(home.audit.recorded).includes(cookie))
  }))

test('nothing is opened that cannot be recorded, and what cannot be recorded as ended is dead all the same', () =>
  withAuthority(async (home, { people, sessions }) => {
    const ann = await people.create({ name: 'ann', roles: [] })
    const { cookie, session } = await sessions.open({ person: ann.id, by: 'link' })
    home.audit.fail()
    const failed = faultOf('audit.unavailable')
    await assert.rejects(sessions.open({ person: ann.id, by: 'link' }), failed)
    await assert.rejects(sessions.end(session.hash, { reason: 'out' }), failed)
    assert.equal(sessions.find(cookie), undefined)
    home.audit.recover()
    await sessions.endDue()
    assert.equal((await home.store.sessions.get(session.hash))?.doc.state, 'ended')
    assert.equal(home.audit.last('session.ended').body['reason'], 'out')
  }))

test('a person has sixteen sessions at most, and the oldest gives way', () =>
  withAuthority(async (home, { people, sessions }) => {
    const ann = await people.create({ name: 'ann', roles: [] })
    const first = await sessions.open({ person: ann.id, by: 'link' })
    for (let more = 0; more < 16; more++) {
      home.clock.advance(1)
      await sessions.open({ person: ann.id, by: 'link' })
    }
    assert.equal(sessions.listOf(ann.id).length, 16)
    assert.equal(sessions.find(first.cookie), undefined)
    assert.equal((await home.store.sessions.all({ state: 'live' })).length, 16)
  }))

test('over a restart a session counts as used when it was opened, or its person last present', () =>
  withAuthority(async (home, authority) => {
    const ann = await authority.people.create({ name: 'ann', roles: [] })
    const old = await authority.sessions.open({ person: ann.id, by: 'link' })
    const present = await authority.sessions.open({ person: ann.id, by: 'passkey' })
    home.clock.advance(HOUR - 1)
    assert.ok(authority.sessions.find(old.cookie))
    await authority.sessions.present(present.session.hash, 'a-passkey')
    home.clock.advance(2)
    const { sessions } = await home.reopen()
    assert.equal(sessions.find(old.cookie), undefined)
    const found = sessions.find(present.cookie)
    assert.equal(found?.session.presentAt, home.clock.now() - 2)
    await sessions.settle()
    assert.equal((await home.reopen()).sessions.find(old.cookie), undefined)
  }))

test('a session sees the roles that its person has now', () =>
  withAuthority(async (_, { people, sessions }) => {
    const boss = await people.create({ name: 'boss', roles: [] })
    const ann = await people.create({ name: 'ann', roles: ['administrator'] })
    const { cookie } = await sessions.open({ person: ann.id, by: 'link' })
    await people.change('ann', { roles: ['viewer'] }, { person: boss.id, reason: 'enough' })
    assert.deepEqual(sessions.find(cookie)?.person.roles, ['viewer'])
  }))

test('what waits is bounded, taken once, and gone in time by either clock', () => {
  const clock = new FakeClock()
  const pending = new Pending<number>(clock, { most: 3, lifeMs: 1_000 })
  for (let n = 0; n < 5; n++) pending.put(`key ${n}`, n)
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((n) => pending.take(`key ${n}`)),
    [undefined, undefined, 2, 3, 4],
  )
  assert.equal(pending.take('key 4'), undefined)
  pending.put('late', 1)
  clock.advance(1_000)
  assert.equal(pending.take('late'), undefined)
  pending.put('back', 1)
  clock.advance(1_000)
  clock.setWall(clock.now() - 10_000)
  assert.equal(pending.take('back'), undefined)
})
