// Holds the tests of delegations.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultOf, withAuthority, type AuthorityHome } from '../../../test/fakes/authority.ts'
import type { Authority } from '../open.ts'

async function delegated(home: AuthorityHome, authority: Authority) {
  const alice = await authority.people.create({ name: 'alice', roles: [] })
  await authority.agents.register(
    { name: 'bot', owner: 'alice', purpose: 'a test', roles: [], unattended: false },
    { person: alice.id },
  )
  return authority.delegations.create({
    person: 'alice',
    agent: 'bot',
    expiresAt: home.clock.now() + 60_000,
  })
}

test('INV-4 a delegation narrows: one instance, an end that only comes earlier', () =>
  withAuthority(async (home, authority) => {
    const { id, expiresAt } = await delegated(home, authority)
    const { delegations } = authority
    await delegations.bind(id, 'one')
    await delegations.bind(id, 'one')
    await assert.rejects(delegations.bind(id, 'two'), faultOf('delegation.bound'))
    await assert.rejects(delegations.narrow(id, expiresAt + 1), faultOf('delegation.wider'))
    await delegations.narrow(id, expiresAt - 10_000)
    const again = await home.reopen()
    assert.equal(again.delegations.get(id)?.instance, 'one')
    home.clock.advance(50_000)
    assert.equal(again.delegations.get(id), undefined)
    await assert.rejects(again.delegations.bind(id, 'one'), faultOf('delegation.unknown'))
  }))

test('a delegation that has expired does not come back with a restart', () =>
  withAuthority(async (home, authority) => {
    const { id } = await delegated(home, authority)
    home.clock.advance(60_000)
    const again = await home.reopen()
    assert.equal(again.delegations.get(id), undefined)
    assert.deepEqual(again.delegations.list(), [])
  }))

test('a delegation for somebody unknown is refused', () =>
  withAuthority(async (home, authority) => {
    await delegated(home, authority)
    const grant = { person: 'bob', agent: 'bot', expiresAt: home.clock.now() + 1 }
    await assert.rejects(authority.delegations.create(grant), faultOf('person.unknown'))
    const nobody = { ...grant, person: 'alice', agent: 'bat' }
    await assert.rejects(authority.delegations.create(nobody), faultOf('agent.unknown', /`bot`/))
  }))

test('INV-13 a delegation moved to another person by hand is none', () =>
  withAuthority(async (home, authority) => {
    const { id } = await delegated(home, authority)
    await home.editByHand(
      `update delegations set person = 'per_other', doc = replace(doc, 'per_', 'per_other')`,
    )
    assert.equal((await home.open()).delegations.get(id), undefined)
  }))
