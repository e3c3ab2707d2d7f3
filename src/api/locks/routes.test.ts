// Holds tests of locks over the API: in force when answered, by names that people use, lifted with a reason.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { LockAdded, LockRemoved, LockShown, LocksAnswer } from '../../wire/api/lock.ts'
import { ControlHome } from '../../../test/fakes/control.ts'
import { actorOf } from '../../../test/fakes/authority.ts'

let home: ControlHome
before(async () => {
  home = await ControlHome.open()
  await home.read('POST', '/v1/agents', { body: { name: 'robot', purpose: 'to be locked' } })
})
after(() => home.close())

function lock(kind: string, name: string, reason = 'it went astray') {
  return { body: { target: { kind, name }, reason } }
}

test('a lock is in force when it is answered, and lifted with a reason', async () => {
  const actor = actorOf('robot', home.ada.id)
  const added = await home.read('POST', '/v1/locks', lock('agent', 'robot'))
  assert.deepEqual(LockAdded.parse(added), added)
  assert.equal(added['added_by'], 'ada')
  const { receipt } = LockAdded.parse(added)
  assert.deepEqual([receipt?.gateway, receipt?.calls, receipt?.instances], ['gateway-1', 0, 0])
  const shown = await home.read('GET', `/v1/locks/${String(added['id'])}`)
  assert.equal(LockShown.parse(shown).receipts[0]?.leaf, receipt?.leaf)
  assert.ok(home.authority.locks.find(actor, 'files', 'read_file'))
  const list = await home.read('GET', '/v1/locks')
  assert.deepEqual(LocksAnswer.parse(list), list)
  const path = `/v1/locks/${String(added['id'])}/remove`
  assert.equal((await home.read('POST', path, { body: {} }, 400))['code'], 'api.invalid')
  const removed = await home.read('POST', path, { body: { reason: 'looked into it' } })
  assert.deepEqual(LockRemoved.parse(removed), removed)
  assert.equal(home.authority.locks.find(actor, 'files', 'read_file'), undefined)
  const lifted = LockShown.parse(await home.read('GET', `/v1/locks/${String(added['id'])}`))
  assert.ok(lifted.removed_at !== null && lifted.receipts.length === 1)
  assert.equal((await home.read('GET', '/v1/locks/none', {}, 404))['code'], 'lock.unknown')
  const again = await home.read('POST', path, { body: { reason: 'twice' } }, 404)
  assert.equal(again['code'], 'lock.unknown')
  const [record] = await home.audit.tail({ limit: 1, type: 'lock.removed' })
  assert.equal(record?.record.person, home.ada.id)
})

test('with two operators, the second lifts what the first has asked for; roles less than that do neither', async () => {
  const bob = await home.person('bob', ['operator'])
  const viewer = await home.person('vera', ['viewer'])
  home.clock.advance(1_000)
  const { id } = LockAdded.parse(await home.read('POST', '/v1/locks', lock('agent', 'robot')))
  const path = `/v1/locks/${id}/remove`
  const body = { reason: 'looked into it' }
  assert.equal((await home.read('POST', path, { body, as: viewer }, 403))['code'], 'api.role')
  const asked = await home.read('POST', path, { body })
  assert.deepEqual(asked, { id, removed: false, from: null })
  const [shown] = LocksAnswer.parse(await home.read('GET', '/v1/locks')).locks
  assert.deepEqual([shown?.lift?.asked_by, shown?.lift?.from], ['ada', null])
  assert.equal((await home.read('POST', path, { body }, 409))['code'], 'lock.second')
  await home.read('POST', `/v1/locks/${id}/keep`, { body: { reason: 'not yet' }, as: bob })
  assert.deepEqual(await home.read('POST', path, { body, as: bob }), asked)
  const lifted = await home.read('POST', path, { body })
  assert.deepEqual(lifted, { id, removed: true, from: null })
  const by = { person: home.ada.id, reason: 'a test' }
  for (const { id: person } of [bob, viewer]) await home.authority.people.leave(person, by)
})

test('a person is locked by name and shown by name', async () => {
  const added = await home.read('POST', '/v1/locks', lock('person', 'ada'))
  assert.deepEqual(added['target'], { kind: 'person', name: 'ada' })
  assert.equal(home.authority.locks.list()[0]?.target.name, home.ada.id)
})

test('a target that is not there is refused with what may have been meant', async () => {
  const told = await home.read('POST', '/v1/locks', lock('agent', 'robto'), 404)
  assert.match(String(told['detail']), /did you mean `robot`/)
  assert.equal(
    (await home.read('POST', '/v1/locks', lock('world', 'x'), 400))['code'],
    'api.invalid',
  )
})
