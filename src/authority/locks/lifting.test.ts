// Holds the tests of lifting locks: two words of two people, or of one who is alone and waits.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultOf, withAuthority, type AuthorityHome } from '../../../test/fakes/authority.ts'
import type { Person } from '../../store/rows/person.ts'
import type { Authority } from '../open.ts'

const MINUTE = 60_000
const DAY = 1_440 * MINUTE
const DELAY = 10 * MINUTE
const EVERYTHING = { kind: 'everything', name: '' } as const

const word = (person: { readonly id: string }) => ({ person: person.id, reason: 'looked into it' })

class Scene {
  readonly home: AuthorityHome
  authority: Authority
  id = ''

  constructor(home: AuthorityHome, authority: Authority) {
    this.home = home
    this.authority = authority
  }

  person(name: string, roles: readonly string[] = ['operator']): Promise<Person> {
    return this.authority.people.create({ name, roles })
  }

  async lock(by: Person, target: Parameters<Authority['locks']['add']>[0]['target'] = EVERYTHING) {
    this.id = (await this.authority.locks.add({ target, ...word(by) })).id
    return this.id
  }

  /** `removed`, or `active` where the word is the first of two. */
  async lift(by: Person, delayMs = DELAY): Promise<string> {
    return (await this.authority.locks.lift(this.id, word(by), delayMs)).state
  }

  async roles(person: Person, roles: readonly string[]): Promise<void> {
    await this.authority.people.change(person.id, { roles }, { ...word(person) })
  }

  get request() {
    return this.authority.locks.list().find(({ id }) => id === this.id)?.lift
  }
}

async function scene(
  names: readonly string[],
  run: (scene: Scene, people: readonly Person[]) => Promise<void>,
): Promise<void> {
  await withAuthority(async (home, authority) => {
    const made = new Scene(home, authority)
    const people: Person[] = []
    for (const name of names) people.push(await made.person(name))
    await made.lock(people[0]!)
    await run(made, people)
  })
}

const SECOND = faultOf('lock.second')

test('one person locks, two unlock, and until then it is in force', () =>
  scene(['alice', 'bob'], async (s, [alice, bob]) => {
    assert.equal(await s.lift(alice!), 'active')
    assert.deepEqual([s.request?.person, s.request?.from], [alice!.id, null])
    assert.equal(s.home.audit.last('lock.lift_requested').person, alice!.id)
    await assert.rejects(s.lift(alice!), SECOND)
    s.home.clock.advance(60 * MINUTE)
    await assert.rejects(s.lift(alice!), SECOND)
    s.authority = await s.home.reopen()
    assert.equal(s.request?.person, alice!.id, 'the first word outlives a restart')
    assert.equal(await s.lift(bob!), 'removed')
    assert.deepEqual(s.authority.locks.list(), [])
    const { body, person } = s.home.audit.last('lock.removed')
    assert.deepEqual([person, body['first'], body['alone']], [bob!.id, alice!.id, false])
    assert.equal((await s.authority.locks.get(s.id)).state, 'removed')
  }))

test('of many words at once, one lifts', () =>
  scene(['alice', 'bob', 'carol'], async (s, [alice, bob, carol]) => {
    const ways = await Promise.allSettled([alice, alice, bob, carol].map((one) => s.lift(one!)))
    assert.deepEqual(
      ways.map((way) => (way.status === 'fulfilled' ? way.value : 'refused')),
      ['active', 'refused', 'removed', 'refused'],
    )
    const removed = s.home.audit.recorded.filter(({ draft }) => draft.type === 'lock.removed')
    assert.equal(removed.length, 1)
  }))

test('who is alone waits, says it twice, and the record says that they were alone', () =>
  scene(['alice'], async (s, [alice]) => {
    assert.equal(await s.lift(alice!), 'active')
    assert.equal(s.request?.from, s.home.clock.now() + DELAY)
    s.home.clock.advance(DELAY - 1)
    await assert.rejects(s.lift(alice!), faultOf('lock.wait'))
    s.home.clock.advance(1)
    assert.equal(await s.lift(alice!), 'removed')
    assert.equal(s.home.audit.last('lock.removed').body['alone'], true)
    await s.lock(alice!)
    assert.equal(await s.lift(alice!, 0), 'removed', 'a home that waits for nobody says so')
    assert.equal(s.home.audit.last('lock.removed').body['alone'], true)
  }))

test('INV-5 nobody makes themselves a second: who is new, or has their role since, says neither word', () =>
  scene(['alice', 'bob'], async (s, [alice, bob]) => {
    const viewer = await s.person('vera', ['viewer'])
    await s.lock(alice!)
    const puppet = await s.person('puppet')
    await s.roles(viewer, ['administrator'])
    for (const second of [puppet, viewer]) {
      await assert.rejects(s.lift(second), SECOND, 'not the first word')
      assert.equal(s.request, undefined)
    }
    await s.lift(alice!)
    for (const second of [puppet, viewer]) await assert.rejects(s.lift(second), SECOND)
    assert.equal(await s.lift(bob!), 'removed')
  }))

test('INV-5 nobody makes themselves alone in a hurry: where others have gone, it takes a day', () =>
  scene(['alice', 'bob', 'carol'], async (s, [alice, bob, carol]) => {
    await s.lift(alice!)
    await s.roles(bob!, ['viewer'])
    await s.authority.people.leave(carol!.id, word(alice!))
    // The delay of who is alone from the beginning is not hers, not even none at all.
    assert.equal(await s.lift(alice!, 0), 'active')
    assert.equal(s.request?.from, s.home.clock.now() + DAY)
    s.home.clock.advance(DAY - 1)
    await assert.rejects(s.lift(alice!, 0), faultOf('lock.wait'))
    await s.roles(bob!, ['operator'])
    await assert.rejects(s.lift(alice!), SECOND, 'somebody is back in time')
    s.home.clock.advance(1)
    await assert.rejects(s.lift(alice!), SECOND)
    await s.roles(bob!, ['viewer'])
    assert.equal(await s.lift(alice!), 'removed')
    assert.equal(s.home.audit.last('lock.removed').body['alone'], true)
  }))

test('INV-5 the first word counts only while who gave it could give it again', () =>
  scene(['alice', 'bob', 'carol'], async (s, [alice, bob, carol]) => {
    await s.lift(alice!)
    await s.roles(alice!, ['viewer'])
    assert.equal(await s.lift(bob!), 'active', 'it begins anew')
    assert.equal(s.request?.person, bob!.id)
    await s.lock(carol!, { kind: 'person', name: bob!.id })
    const [everything] = s.authority.locks.list()
    s.id = everything!.id
    // Bob is locked since: carol is alone of those who were there.
    assert.equal(await s.lift(carol!), 'active')
    assert.equal(s.request?.person, carol!.id)
  }))

test('INV-5 who is locked lifts nothing, neither theirs nor another, while anybody else can', () =>
  scene(['alice', 'bob', 'carol'], async (s, [alice, bob, carol]) => {
    const everything = s.id
    const theirs = await s.lock(alice!, { kind: 'person', name: bob!.id })
    for (const id of [everything, theirs]) {
      s.id = id
      await assert.rejects(s.lift(bob!), SECOND)
      await s.lift(alice!)
      await assert.rejects(s.lift(bob!), SECOND)
    }
    assert.equal(await s.lift(carol!), 'removed')
    // Whoever locks everybody else is stopped by any of them: then all are locked, and all count.
    await s.lock(alice!, { kind: 'person', name: bob!.id })
    await s.lock(alice!, { kind: 'person', name: carol!.id })
    await assert.rejects(s.lift(bob!), SECOND)
    await s.authority.locks.add({ target: { kind: 'person', name: alice!.id }, ...word(bob!) })
    assert.equal(await s.lift(bob!), 'active')
    assert.equal(await s.lift(carol!), 'removed')
  }))

test('where nobody is left who was there, whoever can lift locks now does, two of them', () =>
  scene(['alice'], async (s, [alice]) => {
    const [dora, emil] = [await s.person('dora'), await s.person('emil')]
    await assert.rejects(s.lift(dora), SECOND)
    await s.authority.people.leave(alice!.id, word(dora))
    assert.equal(await s.lift(dora), 'active')
    assert.equal(await s.lift(emil), 'removed')
  }))

test('a request is taken back, or is forgotten and not shown any more', () =>
  scene(['alice', 'bob', 'carol'], async (s, [alice, bob, carol]) => {
    await s.lift(alice!)
    await s.authority.locks.keep(s.id, word(carol!))
    assert.equal(s.home.audit.last('lock.lift_withdrawn').body['first'], alice!.id)
    await assert.rejects(s.authority.locks.keep(s.id, word(carol!)), faultOf('lock.unknown'))
    assert.equal(await s.lift(bob!), 'active', 'it begins anew')
    s.home.clock.advance(2 * DAY)
    assert.equal(s.request, undefined)
    assert.equal(await s.lift(alice!), 'active')
    assert.equal(await s.lift(carol!), 'removed')
  }))

test('a reason is needed for each of the two words, and the lock has to be there', () =>
  scene(['alice', 'bob'], async ({ authority, home, id }, [alice]) => {
    const { locks } = authority
    const mute = { person: alice!.id, reason: ' ' }
    await assert.rejects(locks.lift(id, mute, DELAY), faultOf('reason.required'))
    await assert.rejects(locks.lift('none', word(alice!), DELAY), faultOf('lock.unknown'))
    await assert.rejects(locks.lift('integrity', word(alice!), DELAY), faultOf('lock.unknown'))
    await assert.rejects(locks.get('none'), faultOf('lock.unknown'))
    const nobody = { person: 'per_nobody', reason: 'x' }
    await assert.rejects(locks.lift(id, nobody, DELAY), faultOf('person.unknown'))
    home.audit.fail()
    await assert.rejects(locks.lift(id, word(alice!), DELAY), faultOf('audit.unavailable'))
    home.audit.recover()
    assert.equal(locks.list()[0]?.lift, undefined, 'what was not recorded was not asked')
  }))

/** Gives somebody a passkey that was made now. */
function passkey(s: Scene, person: Person, id: string): Promise<Person> {
  const createdAt = s.home.clock.now()
  const made = { id, publicKey: 'AA', counter: 0, transports: [], createdAt }
  return s.authority.people.addPasskey(person.id, made)
}

test('INV-5 who is alone and had a passkey when the lock was made shows that one, besides the delay', () =>
  scene(['alice'], async (s, [alice]) => {
    const { clock, audit } = s.home
    const owed = faultOf('lock.presence')
    const lift = (id?: string, at = clock.now()) =>
      s.authority.locks
        .lift(s.id, { ...word(alice!), shown: id === undefined ? id : { passkey: id, at } }, DELAY)
        .then(({ state }) => state)
    await passkey(s, alice!, 'old')
    // The one of the scene was made before she had any.
    assert.equal(await lift(), 'active')
    clock.advance(DELAY)
    assert.equal(await lift(), 'removed')
    assert.equal(audit.last('lock.removed').body['presence'], 'none')

    await s.lock(alice!)
    s.authority = await s.home.reopen()
    clock.advance(1)
    await passkey(s, alice!, 'new')
    assert.equal(await lift('old'), 'active', 'the first word asks, and nothing more')
    await assert.rejects(lift('old'), faultOf('lock.wait'))
    clock.advance(DELAY)
    await assert.rejects(lift(), owed)
    await assert.rejects(lift('new'), owed)
    await assert.rejects(lift('old', clock.now() - 5 * MINUTE), owed)
    await assert.rejects(lift('old', clock.now() + 1), owed)
    assert.equal(await lift('old', clock.now() - 5 * MINUTE + 1), 'removed')
    const { body } = audit.last('lock.removed')
    assert.deepEqual([body['alone'], body['presence']], [true, 'shown'])
  }))

test('INV-5 a passkey that is taken away in between makes it a day, whatever was asked before', () =>
  scene(['alice'], async (s, [alice]) => {
    const { clock } = s.home
    await passkey(s, alice!, 'old')
    await s.lock(alice!)
    assert.equal(await s.lift(alice!), 'active')
    await s.authority.people.removePasskey(alice!.id, 'old', word(alice!))
    clock.advance(1)
    await passkey(s, alice!, 'new')
    clock.advance(DELAY)
    await assert.rejects(s.lift(alice!), faultOf('lock.wait'))
    clock.advance(DAY - DELAY - 2)
    await assert.rejects(s.lift(alice!), faultOf('lock.wait'))
    clock.advance(1)
    assert.equal(await s.lift(alice!), 'removed')
    assert.equal(s.home.audit.last('lock.removed').body['presence'], 'lost')
  }))

test('two who lift together show no passkey', () =>
  scene(['alice', 'bob'], async (s, [alice, bob]) => {
    await passkey(s, alice!, 'a')
    await passkey(s, bob!, 'b')
    await s.lock(alice!)
    assert.equal(await s.lift(alice!), 'active')
    assert.equal(await s.lift(bob!), 'removed')
  }))

test('INV-5 nobody is alone because the others signed in yesterday', () =>
  scene(['alice'], async (s, [alice]) => {
    const { people } = s.authority
    people.heed(() => ({ createdAt: 0, groupRoles: { ops: ['operator'] } }))
    const said = { source: 'staff', subject: 'https://id.example gus', name: 'gus' }
    const gus = await people.heard({ ...said, roles: ['operator'] })
    s.home.clock.advance(DAY)
    assert.deepEqual(people.get(gus.id)?.roles, [])
    await s.lock(alice!)
    assert.equal(await s.lift(alice!), 'active')
    assert.equal(s.request?.from, s.home.clock.now() + DAY, 'no ten minutes')
    await assert.rejects(s.lift(gus), SECOND)
    await people.heard({ ...said, roles: ['operator'] })
    assert.equal(await s.lift(gus), 'removed')
  }))
