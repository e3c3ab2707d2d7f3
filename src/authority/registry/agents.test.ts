// Holds the tests of agents' lives: activation, ends, orphans, discovery, roles with an end.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultOf, withAuthority } from '../../../test/fakes/authority.ts'
import type { Authority } from '../open.ts'
import { rolesNow } from './roles.ts'

const DAY = 86_400_000
const BOT = { name: 'bot', purpose: 'answers mail', roles: ['support'], unattended: false }

async function people(authority: Authority): Promise<{ ada: string; bob: string }> {
  const { id: ada } = await authority.people.create({ name: 'ada', roles: ['operator'] })
  const { id: bob } = await authority.people.create({ name: 'bob', roles: ['operator'] })
  return { ada, bob }
}

test('a pending agent waits, is activated on a person’s word, and each step is a record', () =>
  withAuthority(async (home, authority) => {
    const { ada } = await people(authority)
    const why = { person: ada, reason: 'a test' }
    await authority.agents.register({ ...BOT, owner: 'ada', state: 'pending' }, why)
    assert.equal(authority.agents.get('bot')?.state, 'pending')
    await assert.rejects(
      authority.agents.update('bot', { state: 'suspended' }, why),
      faultOf('agent.transition', /pending/),
    )
    await authority.agents.update('bot', { state: 'active' }, why)
    await authority.agents.update('bot', { state: 'suspended' }, why)
    await authority.agents.update('bot', { state: 'active' }, why)
    await authority.agents.update('bot', { state: 'retired' }, why)
    assert.deepEqual(
      home.audit.types().filter((type) => type.startsWith('agent.')),
      [
        'agent.registered',
        'agent.activated',
        'agent.suspended',
        'agent.activated',
        'agent.retired',
      ],
    )
    assert.equal(home.audit.last('agent.retired').body['from'], 'active')
    for (const state of ['discovered', 'pending', 'active', 'suspended'] as const) {
      await assert.rejects(authority.agents.update('bot', { state }, why), faultOf('agent.retired'))
    }
    await assert.rejects(
      authority.agents.register({ ...BOT, owner: 'ada' }, why),
      faultOf('agent.exists'),
    )
  }))

test('an agent past its end is suspended at once, and the sweep writes it down once', () =>
  withAuthority(async (home, authority) => {
    const { ada } = await people(authority)
    const expiresAt = home.clock.now() + DAY
    const { agents } = authority
    await agents.register({ ...BOT, owner: 'ada', expiresAt }, { person: ada })
    await agents.sweep()
    home.clock.advance(DAY - 1)
    assert.equal(agents.get('bot')?.state, 'active')
    assert.equal(await agents.sweep(), 0)
    home.clock.advance(1)
    assert.deepEqual(
      [agents.get('bot')?.state, agents.find('bot').because, agents.list()[0]?.state],
      ['suspended', 'it has expired', 'suspended'],
    )
    const seen: string[] = []
    agents.onChange(({ state }) => seen.push(state))
    assert.equal(await agents.sweep(), 1)
    assert.equal(await agents.sweep(), 0)
    assert.deepEqual(seen, ['suspended'])
    assert.equal(home.audit.last('agent.suspended').body['because'], 'it has expired')
    const why = { person: ada, reason: 'a test' }
    await assert.rejects(agents.update('bot', { state: 'active' }, why), faultOf('agent.expired'))
    await assert.rejects(
      agents.update('bot', { expiresAt: home.clock.now() - 1 }, why),
      faultOf('agent.date'),
    )
    await agents.update('bot', { state: 'active', expiresAt: null }, why)
    const { state, because, expiresAt: end } = (await home.reopen()).agents.find('bot')
    assert.deepEqual([state, because, end], ['active', undefined, undefined])
  }))

test('a failed sweep is tried again, and meanwhile the agent stays out', () =>
  withAuthority(async (home, authority) => {
    const { ada } = await people(authority)
    const { agents } = authority
    const expiresAt = home.clock.now() + DAY
    await agents.register({ ...BOT, owner: 'ada', expiresAt }, { person: ada })
    home.clock.advance(DAY)
    home.audit.fail()
    await assert.rejects(agents.sweep(), faultOf('audit.unavailable'))
    assert.equal(agents.get('bot')?.state, 'suspended')
    home.audit.recover()
    assert.equal(await agents.sweep(), 1)
  }))

test('who leaves orphans what they alone own: suspended at once, recorded, and back with a new owner', () =>
  withAuthority(async (home, authority) => {
    const { ada, bob } = await people(authority)
    const { agents, teams } = authority
    const why = { person: ada, reason: 'a test' }
    await teams.create({ name: 'mail', members: ['ada', 'bob'] }, why)
    await agents.register({ ...BOT, owner: 'bob' }, { person: ada })
    await agents.register({ ...BOT, name: 'shared', owner: 'team:mail' }, { person: ada })
    await agents.register({ ...BOT, name: 'other', owner: 'ada' }, { person: ada })
    const leaving = authority.people.leave('bob', why)
    assert.equal(agents.get('bot')?.state, 'suspended', 'before anything is written')
    await leaving
    await authority.settled()
    assert.deepEqual(
      agents.list().map((agent) => [agent.name, agent.state, agents.orphaned(agent)]),
      [
        ['bot', 'suspended', true],
        ['other', 'active', false],
        ['shared', 'active', false],
      ],
    )
    const record = home.audit.last('agent.orphaned')
    assert.deepEqual(
      [record.agent, record.person, record.body['because']],
      ['bot', undefined, 'its owner left'],
    )
    await assert.rejects(agents.update('bot', { state: 'active' }, why), faultOf('agent.unowned'))
    await assert.rejects(agents.update('bot', { owner: bob }, why), faultOf('person.left'))
    await agents.update('bot', { owner: 'team:mail' }, why)
    await agents.update('bot', { state: 'active' }, why)
    assert.equal((await home.reopen()).agents.get('bot')?.because, undefined)
  }))

test('a team whose last member leaves orphans its agents, also where the process died before writing it', () =>
  withAuthority(async (home, authority) => {
    const { ada } = await people(authority)
    const why = { person: ada, reason: 'a test' }
    await authority.teams.create({ name: 'mail', members: ['bob'] }, why)
    await authority.agents.register({ ...BOT, owner: 'team:mail' }, { person: ada })
    home.audit.before = ({ type }) => {
      if (type === 'agent.orphaned') throw new Error('the process died')
    }
    authority.people.onChange(() => undefined)
    await authority.people.leave('bob', why)
    await authority.settled().catch(() => undefined)
    home.audit.recover()
    const again = await home.reopen()
    assert.equal(again.agents.get('bot')?.state, 'suspended')
    assert.equal(await again.agents.sweep(), 1)
    assert.equal(home.audit.last('agent.orphaned').agent, 'bot')
  }))

test('a discovered agent owns nothing, waits for an owner, and then for its activation', () =>
  withAuthority(async (home, authority) => {
    const { ada } = await people(authority)
    const { agents } = authority
    const client = 'https://client.example/metadata.json'
    const seen = await agents.discover({ name: 'found', purpose: 'says it reads mail', client })
    assert.deepEqual([seen.state, seen.owner, seen.clients], ['discovered', '', [client]])
    const why = { person: ada, reason: 'a test' }
    for (const state of ['active', 'pending', 'suspended'] as const) {
      await assert.rejects(agents.update('found', { state }, why))
    }
    await agents.update('found', { owner: 'ada' }, why)
    assert.equal(agents.get('found')?.state, 'pending')
    assert.equal(home.audit.last('agent.claimed').body['from'], 'discovered')
    await agents.update('found', { state: 'active' }, why)
    await assert.rejects(
      agents.discover({ name: 'found', purpose: 'again' }),
      faultOf('agent.exists'),
    )
    for (const client of [
      'http://a.example/x',
      'https://a.example',
      'https://u:p@a.example/x',
      'x',
    ]) {
      await assert.rejects(
        agents.discover({ name: 'odd', purpose: 'odd', client }),
        faultOf('agent.client'),
      )
    }
  }))

test('roles are assigned with a reason and an end, reviewed, removed, and end by themselves', () =>
  withAuthority(async (home, authority) => {
    const { ada } = await people(authority)
    const { agents } = authority
    const why = { person: ada, reason: 'on call' }
    await agents.register({ ...BOT, owner: 'ada' }, { person: ada })
    assert.equal(agents.find('bot').assignments?.[0]?.reason, 'registered with it')
    const expiresAt = home.clock.now() + DAY
    await agents.assignRole('bot', { role: 'deploy', expiresAt }, why)
    const at = () => rolesNow(agents.find('bot'), home.clock.now())
    assert.deepEqual(at(), ['deploy', 'support'])
    const { ends, role, reason } = home.audit.last('agent.role_assigned').body
    assert.deepEqual([Object(ends).deploy, role, reason], [expiresAt, 'deploy', 'on call'])
    const { support } = Object(ends) as { support: number }
    assert.ok(support > expiresAt, 'where no end is said there is one')
    await agents.reviewRole('bot', 'support', why)
    assert.equal(agents.find('bot').assignments?.[1]?.reviewedAt, home.clock.now())
    home.clock.advance(DAY)
    assert.deepEqual(at(), ['support'])
    assert.equal(await agents.sweep(), 1)
    assert.deepEqual(home.audit.last('agent.role_expired').body['ended'], ['deploy'])
    await agents.removeRole('bot', 'support', why)
    assert.deepEqual((await home.reopen()).agents.find('bot').roles, [])
  }))

test('agents are listed in the order of their names, from any name on', () =>
  withAuthority(async (_, authority) => {
    const { ada } = await people(authority)
    for (const name of ['c', 'a', 'b-1', 'b']) {
      await authority.agents.register({ ...BOT, name, owner: 'ada' }, { person: ada })
    }
    const names = (after?: string) => authority.agents.list(after).map(({ name }) => name)
    assert.deepEqual(names(), ['a', 'b', 'b-1', 'c'])
    assert.deepEqual(names('b'), ['b-1', 'c'])
    assert.deepEqual(names('bb'), ['c'])
  }))

test('INV-4 what an agent may do without a person or a task is looked at again, always', () =>
  withAuthority(async (home, authority) => {
    const { ada } = await people(authority)
    const { agents } = authority
    const why = { person: ada, reason: 'a test' }
    const of = { ...BOT, owner: 'ada' }
    await agents.register({ ...of, name: 'plain' }, { person: ada })
    assert.equal(agents.find('plain').reviewAt, undefined)
    const at = home.clock.now()
    for (const more of [{ unattended: true }, { taskless: true }]) {
      const name = `bot-${Object.keys(more)[0]}`
      await agents.register({ ...of, ...more, name }, { person: ada })
      assert.equal(agents.find(name).reviewAt, at + 90 * DAY)
      const never = agents.update(name, { reviewAt: null }, why)
      await assert.rejects(never, faultOf('agent.review'))
      await agents.update(name, { reviewAt: at + DAY }, why)
      await agents.update(name, { purpose: 'another' }, why)
      assert.equal(agents.find(name).reviewAt, at + DAY)
    }
    assert.equal(home.audit.last('agent.updated').body['taskless'], true)
    await agents.update('plain', { taskless: true }, why)
    assert.equal(agents.find('plain').reviewAt, at + 90 * DAY)
    await agents.update('plain', { taskless: false, reviewAt: null }, why)
    assert.deepEqual(
      [agents.find('plain').reviewAt, agents.find('plain').taskless],
      [undefined, false],
    )
  }))
