// Holds the tests of chains: what passes authority on, what takes it back, and what a restart leaves of it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultOf } from '../../../test/fakes/authority.ts'
import { AGENTS, DelegatedHome, instanceOf } from '../../../test/fakes/delegated.ts'

test('a chain is told from its head down, each link given by who has the one above', () =>
  DelegatedHome.with(async (home) => {
    const chain = await home.chain(5)
    const told = home.delegations.chainOf(chain[4]!.id)
    assert.deepEqual(
      told?.map(({ id }) => id),
      chain.map(({ id }) => id),
    )
    assert.deepEqual(
      told.map(({ person, by }) => [person, by?.agent]),
      [undefined, 'one', 'two', 'three', 'four'].map((by) => [home.person, by]),
    )
    assert.deepEqual(
      told.map(({ depth }) => depth),
      [4, 3, 2, 1, 0],
    )
    const passed = home.home.audit.last('delegation.passed')
    assert.deepEqual(passed.body['by'], { instance: instanceOf(3), agent: 'four' })
  }))

test('INV-5 a revoked link takes all below with it at once, tells each, records each, and stays revoked', () =>
  DelegatedHome.with(async (home) => {
    const chain = await home.chain(4)
    const ended: string[] = []
    home.delegations.onEnd((id) => ended.push(id))
    const by = home.person
    const written = home.delegations.revoke(chain[1]!.id, { by, reason: 'enough' })
    assert.deepEqual(
      ended,
      chain.slice(1).map(({ id }) => id),
      'before anything is written',
    )
    assert.deepEqual(
      chain.map(({ id }) => home.delegations.chainOf(id) !== undefined),
      [true, false, false, false],
    )
    await written
    const records = home.home.audit.recorded
      .map(({ draft }) => draft)
      .filter(({ type }) => type === 'delegation.revoked')
    assert.deepEqual(
      records.map(({ body, person }) => [body['delegation'], person]),
      chain.slice(1).map(({ id }) => [id, by]),
    )
    const reasons = JSON.stringify(records.map(({ body }) => body['reason']))
    assert.match(reasons, /above it was revoked: enough/)
    await home.reopen()
    assert.deepEqual(
      chain.map(({ id }) => home.delegations.chainOf(id) !== undefined),
      [true, false, false, false],
    )
    await assert.rejects(
      home.delegations.revoke(chain[2]!.id, { by, reason: 'again' }),
      faultOf('delegation.unknown'),
    )
  }))

test('INV-5 a crash between a revocation and those below it leaves nothing that holds', () =>
  DelegatedHome.with(async (home) => {
    const chain = await home.chain(3)
    const { delegations: rows } = home.home.store
    const held = await rows.get(chain[0]!.id)
    const revoked = { by: home.person, reason: 'crashed after', at: home.home.clock.now() }
    const receipt = await home.home.audit.append({
      type: 'delegation.revoked',
      phase: 'admin',
      body: {},
    })
    await rows.replace(held!, { ...held!.doc, state: 'revoked', revoked }, receipt)
    await home.reopen()
    for (const { id } of chain) assert.equal(home.delegations.chainOf(id), undefined)
    await home.delegations.sweep()
    const states = await home.home.store.delegations.all({ state: 'active' })
    assert.deepEqual(states, [])
  }))

test('an instance takes back what it passed on, and nothing else', () =>
  DelegatedHome.with(async (home) => {
    const [, second, third] = await home.chain(3)
    const reason = 'done'
    await assert.rejects(
      home.delegations.revokeOwn(third!.id, { instance: instanceOf(0), reason }),
      faultOf('delegation.not_yours'),
    )
    await home.delegations.revokeOwn(second!.id, { instance: instanceOf(0), reason })
    assert.equal(home.delegations.chainOf(third!.id), undefined)
  }))

test('a chain holds while everybody in it does: person, agents, instances', () =>
  DelegatedHome.with(async (home) => {
    const [, , third] = await home.chain(3)
    const { agents } = home.authority
    const word = { person: home.person, reason: 'a test' }
    await agents.update('two', { state: 'suspended' }, word)
    assert.equal(home.delegations.chainOf(third!.id), undefined, 'a delegator is suspended')
    await agents.update('two', { state: 'active' }, word)
    assert.ok(home.delegations.chainOf(third!.id))
    home.instances.end(instanceOf(1))
    assert.equal(home.delegations.chainOf(third!.id), undefined, 'a delegator is gone')
    await home.delegations.sweep()
    home.instances.held.set(instanceOf(1), { agent: 'two' })
    await home.reopen()
    assert.equal(home.delegations.chainOf(third!.id), undefined, 'it does not come back')
  }))

test('delegations are worth nothing while nobody can say which instances are live', () =>
  DelegatedHome.with(async (home) => {
    const [first, second] = await home.chain(2)
    home.authority = await home.home.reopen()
    assert.ok(home.delegations.chainOf(first!.id), 'the person stands behind it')
    assert.equal(home.delegations.chainOf(second!.id), undefined)
  }))

test('INV-4 an agent that acts unattended passes on to others that do, and to nobody else', () =>
  DelegatedHome.with(async (home) => {
    const by = { instance: instanceOf(4), agent: AGENTS[4] }
    const more = { by, expiresAt: home.in(60) }
    await assert.rejects(
      home.delegations.pass({ ...more, agent: 'one' }),
      faultOf('delegation.attended'),
    )
    await assert.rejects(
      home.delegations.pass({
        ...more,
        by: { instance: instanceOf(0), agent: 'one' },
        agent: 'six',
      }),
      faultOf('delegation.attended'),
    )
    const passed = await home.delegations.pass({ ...more, agent: 'six' })
    assert.deepEqual([passed.person, passed.depth], ['', 0])
    const word = { person: home.person, reason: 'a test' }
    await home.authority.agents.update('five', { unattended: false }, word)
    assert.equal(home.delegations.chainOf(passed.id), undefined)
  }))

test('what is over leaves memory and the roll, and is recorded', () =>
  DelegatedHome.with(async (home) => {
    const head = await home.head({ seconds: 60 })
    const passed = await home.pass(head, 0, 1, { seconds: 30 })
    const ended: string[] = []
    home.delegations.onEnd((id) => ended.push(id))
    home.home.clock.advance(30_000)
    assert.equal(home.delegations.chainOf(passed.id), undefined, 'the clock decides')
    await home.delegations.sweep()
    assert.deepEqual(ended, [passed.id])
    home.home.clock.advance(30_000)
    await home.delegations.sweep()
    assert.deepEqual(ended, [passed.id, head.id])
    const types = home.home.audit.types()
    assert.equal(types.filter((type) => type === 'delegation.expired').length, 2)
    assert.deepEqual(await home.home.store.delegations.all({ state: 'active' }), [])
  }))

test('INV-10 one instance cannot fill the memory with what it passes on', () =>
  DelegatedHome.with(async (home) => {
    const head = await home.head()
    const pass = () =>
      home.delegations.pass({
        by: { instance: instanceOf(0), agent: 'one' },
        parent: head.id,
        agent: 'two',
        expiresAt: head.expiresAt,
      })
    for (let n = 0; n < 256; n++) await pass()
    await assert.rejects(pass(), faultOf('delegation.too_many'))
  }))

test('a revocation that could not be recorded is in force, and is recorded later', () =>
  DelegatedHome.with(async (home) => {
    const [first, second] = await home.chain(2)
    home.home.audit.fail()
    await assert.rejects(home.delegations.revoke(first!.id, { by: home.person, reason: 'now' }))
    assert.equal(home.delegations.chainOf(second!.id), undefined)
    home.home.audit.recover()
    await home.delegations.sweep()
    assert.deepEqual(await home.home.store.delegations.all({ state: 'active' }), [])
  }))
