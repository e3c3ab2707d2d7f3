// Holds attacks on chains of delegations: wider, longer, deeper, in a circle, of another, out of order, put back by hand.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Actors } from '../../src/authority/identity/actors.ts'
import type { TokenFacts } from '../../src/authority/tokens/tokens.ts'
import type { Actor } from '../../src/wire/actor.ts'
import type { Presented } from '../../src/wire/presented.ts'
import { faultOf } from '../fakes/authority.ts'
import { DelegatedHome, instanceOf } from '../fakes/delegated.ts'

test('INV-4 no link widens the scope of any above it, whoever narrowed first', () =>
  DelegatedHome.with(async (home) => {
    const head = await home.head({ scope: ['files/*', 'mail/read'] })
    for (const scope of [['*'], ['files/*', 'mail/*'], ['calendar/read'], ['mail/read', 'm/x']]) {
      await assert.rejects(home.pass(head, 0, 1, { scope }), faultOf('delegation.wider'))
    }
    const narrow = await home.pass(head, 0, 1, { scope: ['files/read_file'] })
    await assert.rejects(
      home.pass(narrow, 1, 2, { scope: ['files/*'] }),
      faultOf('delegation.wider'),
      'the head covers it, the link between does not',
    )
    // Saying nothing is no way around: every scope above still counts.
    const silent = await home.pass(narrow, 1, 2)
    const scopes = home.delegations.chainOf(silent.id)?.map(({ scope }) => scope)
    assert.deepEqual(scopes, [['files/*', 'mail/read'], ['files/read_file'], undefined])
    for (const scope of [[], ['files'], ['files/a b'], Array.from({ length: 65 }, () => '*')]) {
      await assert.rejects(home.pass(head, 0, 1, { scope }), faultOf('delegation.scope'))
    }
  }))

test('INV-4 no link outlives one above it, and none begins in the past', () =>
  DelegatedHome.with(async (home) => {
    const head = await home.head({ seconds: 100 })
    const short = await home.pass(head, 0, 1, { seconds: 50 })
    await assert.rejects(home.pass(head, 0, 1, { seconds: 101 }), faultOf('delegation.wider'))
    await assert.rejects(home.pass(short, 1, 2, { seconds: 51 }), faultOf('delegation.wider'))
    await assert.rejects(home.pass(head, 0, 1, { seconds: 0 }), faultOf('delegation.over'))
    await assert.rejects(
      home.delegations.narrow(short.id, home.in(60)),
      faultOf('delegation.wider'),
    )
    const below = await home.pass(short, 1, 2)
    await home.delegations.narrow(head.id, home.in(10))
    home.home.clock.advance(10_000)
    assert.equal(home.delegations.chainOf(below.id), undefined, 'the head was made shorter')
  }))

test('INV-4 nobody passes on deeper than the links above allow, nor more than five', () =>
  DelegatedHome.with(async (home) => {
    const flat = await home.head({ depth: 0 })
    await assert.rejects(home.pass(flat, 0, 1), faultOf('delegation.depth'))
    const head = await home.head({ depth: 2 })
    for (const depth of [2, 3, 99, -1, 0.5, Number.NaN]) {
      await assert.rejects(
        home.pass(head, 0, 1, { depth }),
        faultOf('delegation.depth'),
        `${depth}`,
      )
    }
    const last = await home.pass(head, 0, 1, { depth: 0 })
    await assert.rejects(home.pass(last, 1, 2, { depth: 0 }), faultOf('delegation.depth'))
    await assert.rejects(home.head({ depth: 5 }), faultOf('delegation.depth'))
    const chain = await home.chain(5)
    await assert.rejects(home.pass(chain[4]!, 4, 5), faultOf('delegation.depth'))
  }))

test('INV-4 authority does not come back to an agent that it went through, nor to itself', () =>
  DelegatedHome.with(async (home) => {
    const [, second, third] = await home.chain(3)
    await assert.rejects(home.pass(second!, 1, 0), faultOf('delegation.cycle'), 'A to B to A')
    await assert.rejects(home.pass(third!, 2, 0), faultOf('delegation.cycle'), 'by way of C')
    await assert.rejects(home.pass(third!, 2, 2), faultOf('delegation.cycle'), 'itself')
    await assert.rejects(
      home.delegations.pass({
        by: { instance: instanceOf(2), agent: 'three' },
        parent: third!.id,
        agent: 'three',
        instance: instanceOf(2, 1),
        expiresAt: third!.expiresAt,
      }),
      faultOf('delegation.cycle'),
      'another instance of itself',
    )
  }))

test('INV-4 nobody passes on what is not theirs, under whatever name', () =>
  DelegatedHome.with(async (home) => {
    const [first, second] = await home.chain(2)
    const to = { agent: 'three', expiresAt: first!.expiresAt }
    for (const [by, parent, code] of [
      [{ instance: instanceOf(1), agent: 'two' }, first!.id, 'delegation.not_yours'],
      [{ instance: instanceOf(0, 1), agent: 'one' }, first!.id, 'delegation.not_yours'],
      [{ instance: instanceOf(0), agent: 'two' }, first!.id, 'delegation.not_yours'],
      [{ instance: instanceOf(0), agent: 'one' }, second!.id, 'delegation.not_yours'],
      [{ instance: instanceOf(0), agent: 'one' }, instanceOf(9), 'delegation.unknown'],
    ] as const) {
      await assert.rejects(home.delegations.pass({ ...to, by, parent }), faultOf(code))
    }
    home.instances.held.delete(instanceOf(0))
    await assert.rejects(
      home.delegations.pass({
        ...to,
        by: { instance: instanceOf(0), agent: 'one' },
        parent: first!.id,
      }),
      faultOf('delegation.not_yours'),
      'an instance that is gone',
    )
  }))

test('INV-4 a delegation serves the one instance that it is bound to, of the agent that it names', () =>
  DelegatedHome.with(async (home) => {
    const head = await home.head()
    const passed = await home.delegations.pass({
      by: { instance: instanceOf(0), agent: 'one' },
      parent: head.id,
      agent: 'two',
      expiresAt: head.expiresAt,
    })
    await assert.rejects(
      home.delegations.bind(passed.id, instanceOf(2)),
      faultOf('delegation.not_yours'),
    )
    await home.delegations.bind(passed.id, instanceOf(1))
    await assert.rejects(
      home.delegations.bind(passed.id, instanceOf(1, 1)),
      faultOf('delegation.bound'),
    )
    await assert.rejects(
      home.delegations.pass({
        by: { instance: instanceOf(0), agent: 'one' },
        parent: head.id,
        agent: 'two',
        instance: instanceOf(2),
        expiresAt: head.expiresAt,
      }),
      faultOf('delegation.instance'),
      'an instance of another agent',
    )
  }))

test('INV-4 INV-5 what is passed on while the link above is revoked never holds', () =>
  DelegatedHome.with(async (home) => {
    const [first, second] = await home.chain(2)
    let revoking: Promise<unknown> | undefined
    home.home.audit.before = ({ type }) => {
      if (type !== 'delegation.passed') return
      revoking ??= home.delegations.revoke(first!.id, { by: home.person, reason: 'just then' })
    }
    await assert.rejects(home.pass(second!, 1, 2), faultOf('delegation.unknown', /meanwhile/))
    await revoking
    assert.deepEqual(home.delegations.list(), [])
    await home.reopen()
    assert.deepEqual(home.delegations.list(), [])
  }))

test('INV-13 a link that was revoked and is put back by hand is no authority, and locks everything', () =>
  DelegatedHome.with(async (home) => {
    const [, second] = await home.chain(2)
    await home.home.editByHand('create table kept as select * from delegations')
    await home.reopen()
    await home.delegations.revoke(second!.id, { by: home.person, reason: 'enough' })
    await home.home.editByHand(
      `delete from delegations; insert into delegations select * from kept`,
    )
    await home.reopen()
    const integrity = home.authority.locks.list().map(({ target }) => target.kind)
    assert.deepEqual(integrity, ['everything'])
  }))

test('INV-13 rows that were moved, reordered or widened by hand are no links', () =>
  DelegatedHome.with(async (home) => {
    const [first, second, third] = await home.chain(3)
    for (const edit of [
      `update delegations set parent = '${first!.id}', doc = replace(doc, '"parent":"${second!.id}"', '"parent":"${first!.id}"') where id = '${third!.id}'`,
      `update delegations set doc = replace(doc, '"depth":2', '"depth":4') where id = '${third!.id}'`,
      `update delegations set expires_at = expires_at + 1 where id = '${third!.id}'`,
      `update delegations set instance = '${instanceOf(3)}' where id = '${third!.id}'`,
    ]) {
      await home.home.editByHand(edit)
      await home.reopen()
      assert.equal(home.delegations.chainOf(third!.id), undefined, edit)
    }
  }))

/** Actors over a home, with tokens as the test says they are. */
function actors(home: DelegatedHome, token: Partial<TokenFacts>) {
  const { agents, people } = home.authority
  const made = new Actors({
    clock: home.home.clock,
    registry: { agentOf: (name) => agents.get(name), personOf: (id) => people.get(id) },
    delegations: home.delegations,
    identities: {
      actorOf: () => undefined,
      live: (id) => {
        const held = home.instances.live(id)
        if (held === undefined) return undefined
        const spiffeId = `spiffe://test/agent/${held.agent}/${id}`
        return { id, agent: held.agent, spiffeId, lifeEnds: home.in(3_600) }
      },
    },
    tokens: {
      check: () => ({ id: 't', instance: instanceOf(2), ends: home.in(60), ...token }),
    },
  })
  const shown: Presented = { token: { scheme: 'DPoP', text: 't' }, resource: 'r' }
  return (more: Partial<Presented> = {}) => made.actorOf({ ...shown, ...more })
}

test('INV-4 a token acts under its whole chain: every scope, every delegator, the person at the head', () =>
  DelegatedHome.with(async (home) => {
    const head = await home.head({ scope: ['files/*'] })
    const second = await home.pass(head, 0, 1, { scope: ['files/read_file'] })
    const third = await home.pass(second, 1, 2)
    const binding = { kind: 'dpop', value: 'x' } as const
    const ask = actors(home, { delegation: third.id, scope: ['files/read_file'], binding })
    const actor = ask() as Actor
    assert.deepEqual(actor.scopes, [['files/*'], ['files/read_file'], ['files/read_file']])
    assert.deepEqual(
      actor.chain.map(({ agent, delegation }) => [agent, delegation]),
      [
        ['one', head.id],
        ['two', second.id],
      ],
    )
    assert.deepEqual([actor.delegation?.id, actor.delegation?.person], [third.id, home.person])
    for (const [kind, name] of [
      ['delegation', head.id],
      ['delegation', second.id],
      ['delegation', third.id],
      ['agent', 'one'],
      ['instance', instanceOf(1)],
      ['person', home.person],
    ] as const) {
      const word = { person: home.person, reason: 'a test' }
      const lock = await home.authority.locks.add({ target: { kind, name }, ...word })
      assert.ok(home.authority.locks.find(actor, 'files', 'read_file'), `${kind} ${name}`)
      await home.authority.locks.remove(lock.id, word)
    }
  }))

test('INV-4 a token under a delegation of another instance, or of none, is nobody', () =>
  DelegatedHome.with(async (home) => {
    const [first, second, third] = await home.chain(3)
    for (const [delegation, what] of [
      [first!.id, 'the head'],
      [second!.id, 'the one above'],
      [instanceOf(9), 'one that is not there'],
      [undefined, 'none, for an agent that needs a person'],
    ] as const) {
      const ask = actors(home, delegation === undefined ? {} : { delegation })
      assert.equal('refused' in ask(), true, what)
    }
    const ask = actors(home, { delegation: third!.id })
    assert.equal('refused' in ask(), false)
    assert.equal('refused' in ask({ certificate: 'ab' }), true, 'unbound beside a certificate')
    await home.delegations.revoke(first!.id, { by: '', reason: 'over' })
    assert.equal('refused' in ask(), true, 'the head is revoked')
  }))
