// Holds the tests of locks.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { actorOf, faultOf, systemNamed, withAuthority } from '../../../test/fakes/authority.ts'
import type { AuthorityHome } from '../../../test/fakes/authority.ts'
import type { LockTarget } from '../../store/rows/lock.ts'
import type { Authority } from '../open.ts'

/** Alice owns bot; bob is whom it acts for; files is pinned. */
async function setting(authority: Authority) {
  const alice = await authority.people.create({ name: 'alice', roles: ['admin'] })
  const bob = await authority.people.create({ name: 'bob', roles: [] })
  const bot = { name: 'bot', owner: 'alice', purpose: 'a test', roles: [], unattended: false }
  await authority.agents.register(bot, { person: alice.id })
  await authority.agents.register({ ...bot, name: 'cat', owner: 'bob' }, { person: alice.id })
  await authority.systems.pin(systemNamed('files'), { person: alice.id, reason: 'a test' })
  await authority.systems.pin(systemNamed('mail'), { person: alice.id, reason: 'a test' })
  const because = { person: alice.id, reason: 'it misbehaves' }
  return { alice, bob, because, bot: actorOf('bot', alice.id, bob.id), cat: actorOf('cat', bob.id) }
}

test('INV-5 every kind of lock stops what it names and nothing else', () =>
  withAuthority(async (_, authority) => {
    const { because, bot, cat, alice } = await setting(authority)
    const stopped = () =>
      [bot, cat].flatMap((actor) =>
        ['files/read_file', 'files/move_file', 'mail/read_file'].map((name) => {
          const [system, action] = name.split('/') as [string, string]
          return authority.locks.find(actor, system, action) === undefined ? '.' : 'x'
        }),
      )
    const cases: readonly (readonly [LockTarget, string])[] = [
      [{ kind: 'agent', name: 'bot' }, 'xxx...'],
      [{ kind: 'person', name: 'alice' }, 'xxx...'],
      [{ kind: 'person', name: 'bob' }, 'xxxxxx'],
      [{ kind: 'system', name: 'files' }, 'xx.xx.'],
      [{ kind: 'action', name: 'files/move_file' }, '.x..x.'],
      [{ kind: 'credential', name: 'files/TOKEN' }, 'xx.xx.'],
      [{ kind: 'instance', name: bot.instance }, 'xxxxxx'],
      [{ kind: 'instance', name: '01900000-0000-7000-8000-00000000ffff' }, '......'],
      [{ kind: 'everything', name: '' }, 'xxxxxx'],
    ]
    for (const [target, expected] of cases) {
      const lock = await authority.locks.add({ target, ...because })
      assert.equal(stopped().join(''), expected, `${target.kind} ${target.name}`)
      const removed = await authority.locks.remove(lock.id, because)
      assert.equal(removed.removed?.person, alice.id)
      assert.equal(stopped().join(''), '......')
    }
  }))

test('two locks on one target both have to be removed', () =>
  withAuthority(async (_, authority) => {
    const { because, bot } = await setting(authority)
    const target: LockTarget = { kind: 'agent', name: 'bot' }
    const first = await authority.locks.add({ target, ...because })
    const second = await authority.locks.add({ target, ...because })
    await authority.locks.remove(first.id, because)
    assert.equal(authority.locks.find(bot, 'files', 'read_file')?.id, second.id)
    await assert.rejects(authority.locks.remove(first.id, because), faultOf('lock.unknown'))
  }))

test('listeners are told synchronously, when the lock is in force and durable already', () =>
  withAuthority(async (home, authority) => {
    const { because, bot } = await setting(authority)
    const seen: unknown[] = []
    const stop = authority.locks.onChange((change, lock) => {
      seen.push([change, authority.locks.find(bot, 'files', 'read_file')?.id === lock.id])
    })
    const lock = await authority.locks.add({ target: { kind: 'agent', name: 'bot' }, ...because })
    assert.deepEqual(seen, [['added', true]])
    assert.equal(home.audit.last('lock.added').body['lock'], lock.id)
    assert.equal((await home.store.locks.get(lock.id))?.doc.state, 'active')
    await authority.locks.remove(lock.id, because)
    assert.deepEqual(seen, [
      ['added', true],
      ['removed', false],
    ])
    stop()
    await authority.locks.add({ target: { kind: 'everything', name: '' }, ...because })
    assert.equal(seen.length, 2)
  }))

test('a lock needs a reason and a target that exists, and says what may have been meant', () =>
  withAuthority(async (home, authority) => {
    const { because } = await setting(authority)
    const before = home.audit.recorded.length
    const add = (target: LockTarget, reason = 'a test') =>
      authority.locks.add({ target, person: because.person, reason })
    await assert.rejects(add({ kind: 'agent', name: 'bot' }, '  '), faultOf('reason.required'))
    await assert.rejects(add({ kind: 'agent', name: 'bott' }), faultOf('agent.unknown', /`bot`/))
    await assert.rejects(
      add({ kind: 'person', name: 'alicia' }),
      faultOf('person.unknown', /`alice`/),
    )
    await assert.rejects(
      add({ kind: 'system', name: 'file' }),
      faultOf('system.unknown', /`files`/),
    )
    await assert.rejects(add({ kind: 'instance', name: 'bot' }), faultOf('lock.target'))
    await assert.rejects(add({ kind: 'action', name: 'files' }), faultOf('lock.target'))
    await assert.rejects(
      add({ kind: 'action', name: 'files/move_fil' }),
      faultOf('action.unknown', /`move_file`/),
    )
    assert.equal(home.audit.recorded.length, before)
    const lock = await add({ kind: 'everything', name: '' })
    await assert.rejects(
      authority.locks.remove(lock.id, { person: because.person, reason: '' }),
      faultOf('reason.required'),
    )
  }))

test('locks are in force after a restart, and removed ones are not', () =>
  withAuthority(async (home, authority) => {
    const { because, bot, cat } = await setting(authority)
    await authority.locks.add({ target: { kind: 'agent', name: 'bot' }, ...because })
    const gone = await authority.locks.add({ target: { kind: 'agent', name: 'cat' }, ...because })
    await authority.locks.remove(gone.id, because)
    const again = await home.reopen()
    assert.ok(again.locks.find(bot, 'files', 'read_file'))
    assert.equal(again.locks.find(cat, 'files', 'read_file'), undefined)
    assert.equal(again.locks.list().length, 1)
  }))

test('where the record cannot be made durable a lock is neither added nor removed', () =>
  withAuthority(async (home, authority) => {
    const { because, bot } = await setting(authority)
    const target: LockTarget = { kind: 'agent', name: 'bot' }
    const lock = await authority.locks.add({ target, ...because })
    home.audit.fail()
    await assert.rejects(authority.locks.remove(lock.id, because), faultOf('audit.unavailable'))
    assert.ok(authority.locks.find(bot, 'files', 'read_file'))
    await assert.rejects(
      authority.locks.add({ target: { kind: 'everything', name: '' }, ...because }),
      faultOf('audit.unavailable'),
    )
    assert.equal(authority.locks.list().length, 1)
  }))

for (const [title, statement] of [
  ['deleted', `delete from locks`],
  ['deleted with its roll', `delete from locks; delete from rolls`],
  [
    'marked as removed',
    `update locks set state = 'removed', doc = replace(doc, '"active"', '"removed"')`,
  ],
  ['pointed at somebody else', `update locks set doc = replace(doc, '"bot"', '"cat"')`],
] as const) {
  test(`INV-13 a lock ${title} by hand unlocks nothing: everything is locked until a person has looked`, () =>
    withAuthority(async (home: AuthorityHome, authority) => {
      const { because, bot } = await setting(authority)
      await authority.locks.add({ target: { kind: 'agent', name: 'bot' }, ...because })
      await home.editByHand(statement)
      const again = await home.open()
      const found = again.locks.find(bot, 'files', 'read_file')
      assert.equal(found?.id, 'integrity')
      assert.match(found.reason, /locks/)
      assert.ok(home.audit.types().includes('authority.refused_rows'))
      await again.locks.add({ target: { kind: 'agent', name: 'bot' }, ...because })
      await again.locks.remove('integrity', because)
      assert.equal(home.audit.last('lock.removed').person, because.person)
      const settled = await home.reopen()
      assert.deepEqual(
        settled.locks.list().map(({ target }) => target.name),
        ['bot'],
      )
    }))
}
