// Holds the tests of the registry: people, agents, systems and policy versions.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultOf, systemNamed, withAuthority } from '../../../test/fakes/authority.ts'
import { unknownName } from './name.ts'

const BOT = { name: 'bot', purpose: 'answers mail', roles: ['support'], unattended: false }

test('people and agents are recorded, kept, and there after a restart', () =>
  withAuthority(async (home, authority) => {
    const alice = await authority.people.create({
      name: 'alice',
      roles: ['finance', 'admin', 'admin'],
    })
    assert.deepEqual(alice.roles, ['admin', 'finance'])
    assert.match(alice.id, /^per_[0-9a-f-]{36}$/)
    const bot = await authority.agents.register({ ...BOT, owner: 'alice' }, { person: alice.id })
    assert.equal(bot.owner, alice.id)
    assert.deepEqual(home.audit.types(), ['person.created', 'agent.registered'])
    assert.ok(!JSON.stringify(home.audit.recorded).includes('alice'), 'names are personal data')
    const again = await home.reopen()
    assert.deepEqual({ ...again.people.find('alice') }, alice)
    assert.deepEqual(JSON.parse(JSON.stringify(again.agents.find('bot'))), bot)
  }))

test('nothing is there when its record could not be made durable', () =>
  withAuthority(async (home, authority) => {
    home.audit.fail()
    await assert.rejects(
      authority.people.create({ name: 'alice', roles: [] }),
      faultOf('audit.unavailable'),
    )
    assert.deepEqual(authority.people.list(), [])
    home.audit.recover()
    await authority.people.create({ name: 'alice', roles: [] })
    assert.equal((await home.reopen()).people.list().length, 1)
  }))

test('a record without its row is harmless: the command can be repeated', () =>
  withAuthority(async (home, authority) => {
    // As a crash between the two would have it.
    await home.store.close()
    await assert.rejects(authority.people.create({ name: 'alice', roles: [] }))
    assert.deepEqual(home.audit.types(), ['person.created'])
    const again = await home.open()
    assert.deepEqual(again.people.list(), [])
    await again.people.create({ name: 'alice', roles: [] })
  }))

test('of two that take the same name at once one gets it', () =>
  withAuthority(async (home, authority) => {
    const results = await Promise.allSettled([
      authority.people.create({ name: 'alice', roles: [] }),
      authority.people.create({ name: 'alice', roles: [] }),
    ])
    assert.deepEqual(
      results.map((result) => result.status),
      ['fulfilled', 'rejected'],
    )
    assert.deepEqual(home.audit.types(), ['person.created'])
  }))

test('bad names, roles and purposes are refused before anything is recorded', () =>
  withAuthority(async (home, authority) => {
    const alice = await authority.people.create({ name: 'alice', roles: [] })
    const by = { person: alice.id }
    const register = (change: object) =>
      authority.agents.register({ ...BOT, owner: 'alice', ...change }, by)
    await assert.rejects(
      authority.people.create({ name: 'Alice', roles: [] }),
      faultOf('name.invalid'),
    )
    await assert.rejects(
      authority.people.create({ name: 'bob', roles: ['no role'] }),
      faultOf('name.invalid'),
    )
    await assert.rejects(register({ name: 'a/b' }), faultOf('name.invalid'))
    await assert.rejects(register({ purpose: ' ' }), faultOf('agent.purpose'))
    await assert.rejects(
      register({ owner: 'alcie' }),
      faultOf('person.unknown', /did you mean `alice`\?/),
    )
    await register({})
    await assert.rejects(register({}), faultOf('agent.exists'))
    assert.throws(() => authority.agents.find('bto'), faultOf('agent.unknown', /`bot`/))
    assert.deepEqual(home.audit.types(), ['person.created', 'agent.registered'])
  }))

test('an agent changes on a person’s word with a reason, and a retired one stays retired', () =>
  withAuthority(async (home, authority) => {
    const alice = await authority.people.create({ name: 'alice', roles: [] })
    await authority.agents.register({ ...BOT, owner: alice.id }, { person: alice.id })
    const seen: string[] = []
    authority.agents.onChange((agent) => seen.push(agent.state))
    const because = { person: alice.id, reason: 'a test' }
    await assert.rejects(
      authority.agents.update('bot', { state: 'suspended' }, { person: alice.id, reason: ' ' }),
      faultOf('reason.required'),
    )
    await authority.agents.update('bot', { state: 'suspended' }, because)
    assert.equal(authority.agents.get('bot')?.state, 'suspended')
    await authority.agents.update('bot', { state: 'retired', roles: [] }, because)
    await assert.rejects(
      authority.agents.update('bot', { state: 'active' }, because),
      faultOf('agent.retired'),
    )
    assert.deepEqual(seen, ['suspended', 'retired'])
    assert.equal((await home.reopen()).agents.find('bot').state, 'retired')
    assert.deepEqual(home.audit.last('agent.retired').body['roles'], [])
  }))

test('a system is pinned as it was shown, and pinned again in its place', () =>
  withAuthority(async (home, authority) => {
    const by = { person: 'per_1', reason: 'looks right' }
    await authority.systems.pin(systemNamed('files'), by)
    await authority.systems.pin(systemNamed('files', 'sha256:two'), by)
    assert.equal(home.audit.last('system.pinned').body['before'], 'sha256:one')
    assert.throws(() => authority.systems.find('file'), faultOf('system.unknown', /`files`/))
    const again = await home.reopen()
    assert.equal(again.systems.list().length, 1)
    assert.equal(again.systems.get('files')?.digest, 'sha256:two')
    assert.equal(again.systems.get('files')?.actions[1]?.name, 'move_file')
  }))

test('the policy set that was applied last is current, and applying it again changes nothing', () =>
  withAuthority(async (home, authority) => {
    const set = (digest: string) => ({
      digest,
      sources: [{ file: 'a.cedar', text: `// ${digest}` }],
    })
    const because = { person: 'per_1', reason: 'a test' }
    assert.equal(authority.policies.current(), undefined)
    await authority.policies.apply(set('one'), because)
    home.clock.advance(1)
    await authority.policies.apply(set('two'), because)
    await authority.policies.apply(set('two'), because)
    home.clock.advance(1)
    await authority.policies.apply(set('one'), because)
    assert.equal(home.audit.types().length, 3)
    const again = await home.reopen()
    assert.equal(again.policies.current()?.sources[0]?.text, '// one')
    assert.deepEqual(
      (await again.policies.history()).map(({ digest, current }) => [digest, current]),
      [
        ['one', false],
        ['two', false],
        ['one', true],
      ],
    )
  }))

test('INV-13 a person made administrator by hand is none, and stops everything until somebody has looked', () =>
  withAuthority(async (home, authority) => {
    await authority.people.create({ name: 'mallory', roles: ['guest'] })
    const alice = await authority.people.create({ name: 'alice', roles: ['admin'] })
    await home.editByHand(
      `update people set doc = replace(doc, '"guest"', '"admin"') where name = 'mallory';
       insert into people select 'per_x', 'eve', doc, sig, leaf from people where name = 'alice'`,
    )
    const again = await home.open()
    assert.deepEqual(
      again.people.list().map(({ name }) => name),
      ['alice'],
    )
    assert.throws(() => again.people.find('mallory'), faultOf('person.unknown'))
    const record = home.audit.last('authority.refused_rows')
    assert.equal(record.body['count'], 2)
    const [lock] = again.locks.list()
    assert.equal(lock?.id, 'integrity')
    await again.locks.remove('integrity', { person: alice.id, reason: 'mallory is gone, we know' })
    assert.deepEqual(again.locks.list(), [])
    assert.deepEqual((await home.reopen()).locks.list(), [])
  }))

test('a guess is offered only where it is close', () => {
  assert.equal(
    unknownName('filesystm', ['filesystem', 'mail']),
    '`filesystm` is not known; did you mean `filesystem`?',
  )
  assert.equal(unknownName('x', ['filesystem', 'mail']), '`x` is not known')
  assert.ok(unknownName('y'.repeat(10_000), ['mail']).length < 100)
})
