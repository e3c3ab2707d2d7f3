// Holds the tests of lifting locks: two words of two people, or of one who is alone and waits.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultOf, withAuthority, type AuthorityHome } from '../../../test/fakes/authority.ts'
import type { Person } from '../../store/rows/person.ts'
import type { Authority } from '../open.ts'
import type { LiftRule } from './lifting.ts'

const MINUTE = 60_000
const DAY = 1_440 * MINUTE

const word = (person: { readonly id: string }) => ({ person: person.id, reason: 'looked into it' })
const rule = (...able: Person[]): LiftRule => ({ able, delayMs: 10 * MINUTE })

async function locked(home: AuthorityHome, authority: Authority) {
  const made = (name: string) => authority.people.create({ name, roles: ['operator'] })
  const [alice, bob, carol] = [await made('alice'), await made('bob'), await made('carol')]
  home.clock.advance(MINUTE)
  const target = { kind: 'everything', name: '' } as const
  const lock = await authority.locks.add({ target, ...word(alice) })
  return { alice, bob, carol, id: lock.id }
}

const holds = (authority: Authority): boolean => authority.locks.list().length > 0

test('one person locks, two unlock, and until then it is in force', () =>
  withAuthority(async (home, authority) => {
    const { alice, bob, id } = await locked(home, authority)
    const able = rule(alice, bob)
    const asked = await authority.locks.lift(id, word(alice), able)
    assert.deepEqual(
      [asked.state, asked.lift?.person, asked.lift?.from],
      ['active', alice.id, null],
    )
    assert.equal(home.audit.last('lock.lift_requested').person, alice.id)
    await assert.rejects(authority.locks.lift(id, word(alice), able), faultOf('lock.second'))
    home.clock.advance(60 * MINUTE)
    await assert.rejects(authority.locks.lift(id, word(alice), able), faultOf('lock.second'))
    assert.ok(holds(authority))
    const again = await home.reopen()
    assert.equal(again.locks.list()[0]?.lift?.person, alice.id, 'the first word outlives a restart')
    const lifted = await again.locks.lift(id, word(bob), able)
    assert.equal(lifted.state, 'removed')
    assert.ok(!holds(again))
    const { body, person } = home.audit.last('lock.removed')
    assert.deepEqual([person, body['first'], body['alone']], [bob.id, alice.id, false])
  }))

test('of many words at once, one lifts', () =>
  withAuthority(async (home, authority) => {
    const { alice, bob, carol, id } = await locked(home, authority)
    const able = rule(alice, bob, carol)
    const ways = await Promise.allSettled(
      [alice, alice, bob, carol].map((person) => authority.locks.lift(id, word(person), able)),
    )
    assert.deepEqual(
      ways.map((way) => (way.status === 'fulfilled' ? way.value.state : 'refused')),
      ['active', 'refused', 'removed', 'refused'],
    )
    assert.equal(home.audit.recorded.filter(({ draft }) => draft.type === 'lock.removed').length, 1)
  }))

test('who is alone waits, says it twice, and the record says that they were alone', () =>
  withAuthority(async (home, authority) => {
    const { alice, id } = await locked(home, authority)
    const able = rule(alice)
    const asked = await authority.locks.lift(id, word(alice), able)
    assert.equal(asked.lift?.from, home.clock.now() + 10 * MINUTE)
    home.clock.advance(10 * MINUTE - 1)
    await assert.rejects(authority.locks.lift(id, word(alice), able), faultOf('lock.wait'))
    home.clock.advance(1)
    assert.equal((await authority.locks.lift(id, word(alice), able)).state, 'removed')
    assert.equal(home.audit.last('lock.removed').body['alone'], true)
    const target = { kind: 'everything', name: '' } as const
    const other = await authority.locks.add({ target, ...word(alice) })
    const atOnce = await authority.locks.lift(other.id, word(alice), { able: [alice], delayMs: 0 })
    assert.equal(atOnce.state, 'removed')
    assert.equal(home.audit.last('lock.removed').body['alone'], true)
  }))

test('INV-5 nobody makes themselves a second: who came after the lock does not count', () =>
  withAuthority(async (home, authority) => {
    const { alice, id } = await locked(home, authority)
    home.clock.advance(MINUTE)
    const puppet = await authority.people.create({ name: 'puppet', roles: ['operator'] })
    await authority.locks.lift(id, word(alice), rule(alice, puppet))
    await assert.rejects(
      authority.locks.lift(id, word(puppet), rule(alice, puppet)),
      faultOf('lock.second'),
    )
    assert.ok(holds(authority))
    // Nor does being there take the wait of who was alone away.
    home.clock.advance(10 * MINUTE)
    const lifted = await authority.locks.lift(id, word(alice), rule(alice, puppet))
    assert.equal(lifted.state, 'removed')
  }))

test('INV-5 nobody lifts the lock on themselves while anybody else can', () =>
  withAuthority(async (home, authority) => {
    const { alice, bob, carol } = await locked(home, authority)
    const target = { kind: 'person', name: bob.id } as const
    const { id } = await authority.locks.add({ target, ...word(alice) })
    const able = rule(alice, bob, carol)
    await assert.rejects(authority.locks.lift(id, word(bob), able), faultOf('lock.second'))
    await authority.locks.lift(id, word(alice), able)
    await assert.rejects(authority.locks.lift(id, word(bob), able), faultOf('lock.second'))
    assert.equal((await authority.locks.lift(id, word(carol), able)).state, 'removed')
    // Two people of whom one is locked: the other is alone, and waits.
    const again = await authority.locks.add({ target, ...word(alice) })
    const asked = await authority.locks.lift(again.id, word(alice), rule(alice, bob))
    assert.notEqual(asked.lift?.from, null)
  }))

test('a request is taken back, or is forgotten after a day', () =>
  withAuthority(async (home, authority) => {
    const { alice, bob, carol, id } = await locked(home, authority)
    const able = rule(alice, bob, carol)
    await authority.locks.lift(id, word(alice), able)
    await authority.locks.keep(id, word(carol))
    assert.equal(home.audit.last('lock.lift_withdrawn').body['first'], alice.id)
    await assert.rejects(authority.locks.keep(id, word(carol)), faultOf('lock.unknown'))
    assert.equal(
      (await authority.locks.lift(id, word(bob), able)).state,
      'active',
      'it begins anew',
    )
    home.clock.advance(DAY)
    assert.equal((await authority.locks.lift(id, word(alice), able)).lift?.person, alice.id)
    assert.equal((await authority.locks.lift(id, word(carol), able)).state, 'removed')
  }))

test('a reason is needed for each of the two words, and the lock has to be there', () =>
  withAuthority(async (home, authority) => {
    const { alice, bob, id } = await locked(home, authority)
    const able = rule(alice, bob)
    const mute = { person: alice.id, reason: ' ' }
    await assert.rejects(authority.locks.lift(id, mute, able), faultOf('reason.required'))
    await assert.rejects(authority.locks.lift('none', word(alice), able), faultOf('lock.unknown'))
    await assert.rejects(
      authority.locks.lift('integrity', word(alice), able),
      faultOf('lock.unknown'),
    )
    await assert.rejects(
      authority.locks.lift(id, { person: 'per_nobody', reason: 'x' }, able),
      faultOf('person.unknown'),
    )
    home.audit.fail()
    await assert.rejects(authority.locks.lift(id, word(alice), able), faultOf('audit.unavailable'))
    home.audit.recover()
    assert.equal(authority.locks.list()[0]?.lift, undefined, 'what was not recorded was not asked')
  }))
