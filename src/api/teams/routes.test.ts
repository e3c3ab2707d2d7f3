// Holds tests of teams over the API: made, changed and listed, by administrators alone.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Team, TeamsAnswer } from '../../wire/api/team.ts'
import { ControlHome } from '../../../test/fakes/control.ts'

let home: ControlHome
before(async () => {
  home = await ControlHome.open()
})
after(() => home.close())

test('a team is made, changed and shown with who is in it', async () => {
  const bob = await home.person('bob', ['operator'])
  const body = { name: 'mail', members: ['ada', bob.id], reason: 'a test' }
  const made = await home.read('POST', '/v1/teams', { body })
  assert.deepEqual(Team.parse(made), made)
  await home.read('POST', '/v1/agents', {
    body: { name: 'bot', purpose: 'is owned', owner: 'team:mail' },
  })
  const change = { remove: ['ada'], reason: 'another team' }
  const changed = await home.read('PATCH', '/v1/teams/mail', { body: change })
  assert.deepEqual(changed['members'], [{ id: bob.id, name: 'bob', left: false }])
  assert.equal(changed['agents'], 1)
  assert.deepEqual(await home.read('GET', '/v1/teams/mail'), changed)
  const list = await home.read('GET', '/v1/teams?limit=1')
  assert.deepEqual(TeamsAnswer.parse(list), list)
  assert.deepEqual(list, { teams: [changed], next: null })
  const nobody = { remove: ['bob'], reason: 'x' }
  const told = await home.read('PATCH', '/v1/teams/mail', { body: nobody }, 409)
  assert.equal(told['code'], 'team.members')
  assert.equal((await home.read('GET', '/v1/teams/none', {}, 404))['code'], 'team.unknown')
  const nothing = await home.read('PATCH', '/v1/teams/mail', { body: { reason: 'x' } }, 400)
  assert.equal(nothing['code'], 'api.invalid')
  for (const [method, path] of [
    ['POST', '/v1/teams'],
    ['PATCH', '/v1/teams/mail'],
  ] as const) {
    const refused = await home.read(method, path, { as: bob, body: change }, 403)
    assert.equal(refused['code'], 'api.role', 'an operator does not say who is in a team')
  }
})
