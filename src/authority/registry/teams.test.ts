// Holds the tests of teams: who is in them, and that somebody always is.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultOf, withAuthority } from '../../../test/fakes/authority.ts'

test('a team is made, changed, recorded by ids alone, and there after a restart', () =>
  withAuthority(async (home, authority) => {
    const { people, teams } = authority
    const ada = await people.create({ name: 'ada', roles: [] })
    const bob = await people.create({ name: 'bob', roles: [] })
    const why = { person: ada.id, reason: 'a test' }
    await teams.create({ name: 'mail', members: ['ada'] }, why)
    await assert.rejects(
      teams.create({ name: 'mail', members: ['ada'] }, why),
      faultOf('team.exists'),
    )
    const changed = await teams.change('mail', { add: ['bob', bob.id], remove: ['ada'] }, why)
    assert.deepEqual(changed.members, [bob.id])
    assert.deepEqual(teams.of(bob.id), ['mail'])
    const { body } = home.audit.last('team.changed')
    assert.deepEqual({ ...body }, { team: 'mail', members: [bob.id], reason: 'a test' })
    assert.deepEqual([...(await home.reopen()).teams.find('mail').members], [bob.id])
    assert.throws(() => teams.find('mial'), faultOf('team.unknown', /`mail`/))
  }))

test('a team has a member who is here, and who left can be taken out', () =>
  withAuthority(async (_, authority) => {
    const { people, teams } = authority
    const ada = await people.create({ name: 'ada', roles: [] })
    await people.create({ name: 'bob', roles: [] })
    const why = { person: ada.id, reason: 'a test' }
    await assert.rejects(teams.create({ name: 'none', members: [] }, why), faultOf('team.members'))
    await teams.create({ name: 'mail', members: ['ada', 'bob'] }, why)
    await people.leave('bob', why)
    const gone = { add: [], remove: ['ada'] }
    await assert.rejects(teams.change('mail', gone, why), faultOf('team.members'))
    await assert.rejects(
      teams.create({ name: 'left', members: ['bob'] }, why),
      faultOf('person.left'),
    )
    const { members } = await teams.change('mail', { add: [], remove: ['bob'] }, why)
    assert.deepEqual(members, [ada.id])
  }))
