// Holds the tests of approvals.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  actorOf,
  faultOf,
  systemNamed,
  withAuthority,
  type AuthorityHome,
} from '../../../test/fakes/authority.ts'
import type { Gate } from '../../wire/decision.ts'
import type { Authority } from '../open.ts'
import type { ApprovalAsk } from './ask.ts'

const MINUTES = 60_000
const GATE: Gate = { name: 'finance', policy: 'refunds-need-finance' }

/** Alice owns bot and is an administrator, fay and finn hold finance, sue holds security. */
async function setting(home: AuthorityHome, authority: Authority) {
  const [alice, fay, finn, sue] = [
    await authority.people.create({ name: 'alice', roles: ['administrator'] }),
    await authority.people.create({ name: 'fay', roles: ['finance'] }),
    await authority.people.create({ name: 'finn', roles: ['finance', 'security'] }),
    await authority.people.create({ name: 'sue', roles: ['security'] }),
  ]
  const bot = { name: 'bot', owner: 'alice', purpose: 'a test', roles: [], unattended: false }
  await authority.agents.register(bot, { person: alice.id })
  await authority.systems.pin(systemNamed('files'), { person: alice.id, reason: 'a test' })
  const ask: ApprovalAsk = {
    callDigest: 'sha256:this-call',
    call: 'call-1',
    actor: actorOf('bot', alice.id, fay.id),
    system: 'files',
    action: 'move_file',
    input: { source: '/a secret place', destination: '/b' },
    effects: ['write'],
    gates: [GATE],
    reason: 'refunds are reviewed',
    definition: 'sha256:move_file',
    policySet: 'sha256:policies',
    expiresAt: home.clock.now() + 5 * MINUTES,
  }
  return { alice, fay, finn, sue, ask }
}

const yes = (person: { readonly id: string }) => ({ person: person.id, reason: 'it is right' })

test('INV-1 nobody is asked before the request is durable', () =>
  withAuthority(async (home, authority) => {
    const { ask } = await setting(home, authority)
    home.audit.fail()
    await assert.rejects(authority.approvals.ask(ask), faultOf('audit.unavailable'))
    assert.deepEqual(authority.approvals.list(), [])
    home.audit.recover()
    const { approval, fresh } = await authority.approvals.ask(ask)
    assert.ok(fresh)
    const record = home.audit.last('approval.requested')
    assert.equal(record.body['approval'], approval.id)
    assert.equal(record.call, 'call-1')
    assert.deepEqual(record.body['gates'], [{ name: 'finance', policy: 'refunds-need-finance' }])
    assert.ok(!JSON.stringify(home.audit.recorded).includes('secret place'))
    assert.ok(!JSON.stringify(approval).includes('secret place'), 'arguments are sealed')
    assert.deepEqual({ ...authority.approvals.arguments(approval) }, ask.input)
  }))

test('the same call joins the wait, another call or instance asks anew', () =>
  withAuthority(async (home, authority) => {
    const { ask, fay } = await setting(home, authority)
    const [first, second] = await Promise.all([
      authority.approvals.ask(ask),
      authority.approvals.ask({ ...ask, call: 'call-2' }),
    ])
    assert.equal(second.approval.id, first.approval.id)
    assert.deepEqual([first.fresh, second.fresh], [true, false])
    const other = await authority.approvals.ask({ ...ask, callDigest: 'sha256:other' })
    const elsewhere = { ...ask.actor, instance: '01900000-0000-7000-8000-000000000002' }
    const sibling = await authority.approvals.ask({ ...ask, actor: elsewhere })
    assert.equal(new Set([first, other, sibling].map(({ approval }) => approval.id)).size, 3)
    await authority.approvals.approve(first.approval.id, yes(fay))
    assert.equal((await authority.approvals.ask(ask)).approval.state, 'approved')
    await authority.approvals.consume(first.approval.id, ask.callDigest)
    assert.ok((await authority.approvals.ask(ask)).fresh, 'what was used up is asked for again')
  }))

test('a call that a person refused is not put to people again while that approval would have lasted', () =>
  withAuthority(async (home, authority) => {
    const { ask, fay } = await setting(home, authority)
    const { approval } = await authority.approvals.ask(ask)
    await authority.approvals.deny(approval.id, { person: fay.id, reason: 'not today' })
    const again = await authority.approvals.ask(ask)
    assert.equal(again.fresh, false)
    assert.equal(again.approval.id, approval.id)
    assert.equal(again.approval.ended?.reason, 'not today')
    const other = await authority.approvals.ask({ ...ask, callDigest: 'sha256:other' })
    assert.ok(other.fresh, 'another call is another question')
    home.clock.advance(5 * MINUTES)
    const expiresAt = home.clock.now() + 5 * MINUTES
    assert.ok((await authority.approvals.ask({ ...ask, expiresAt })).fresh)
  }))

test('INV-6 only the role that the gate names may decide; everybody else is refused and recorded', () =>
  withAuthority(async (home, authority) => {
    const { ask, alice, sue, fay } = await setting(home, authority)
    const { approval } = await authority.approvals.ask(ask)
    for (const person of [alice, sue]) {
      for (const verb of ['approve', 'deny'] as const) {
        await assert.rejects(
          authority.approvals[verb](approval.id, yes(person)),
          faultOf('approval.role', /`finance`/),
        )
        const record = home.audit.last('approval.refused')
        assert.equal(record.person, person.id)
        assert.equal(record.body['code'], 'approval.role')
      }
    }
    await assert.rejects(
      authority.approvals.approve(approval.id, { person: ask.actor.instance, reason: 'I say so' }),
      faultOf('person.unknown'),
    )
    await assert.rejects(
      authority.approvals.approve(approval.id, { person: fay.id, reason: '' }),
      faultOf('reason.required'),
    )
    assert.equal((await authority.approvals.get(approval.id)).state, 'pending')
    const approved = await authority.approvals.approve(approval.id, yes(fay))
    assert.equal(approved.state, 'approved')
    assert.deepEqual(approved.ended, {
      person: fay.id,
      reason: 'it is right',
      at: home.clock.now(),
    })
    assert.equal(home.audit.last('approval.approved').person, fay.id)
  }))

test('INV-6 whom policy keeps from it does not approve', () =>
  withAuthority(async (home, authority) => {
    const { ask, fay, finn } = await setting(home, authority)
    const { approval } = await authority.approvals.ask({ ...ask, excluded: [fay.id] })
    await assert.rejects(
      authority.approvals.approve(approval.id, yes(fay)),
      faultOf('approval.separated'),
    )
    assert.equal((await authority.approvals.approve(approval.id, yes(finn))).state, 'approved')
  }))

test('every gate is agreed for itself, by one person who holds both roles or by two', () =>
  withAuthority(async (home, authority) => {
    const { ask, fay, finn, sue } = await setting(home, authority)
    const gates = [GATE, { name: 'security', policy: 'moves-need-security' }]
    const { approval } = await authority.approvals.ask({ ...ask, gates })
    const half = await authority.approvals.approve(approval.id, yes(fay))
    assert.equal(half.state, 'pending')
    assert.deepEqual(home.audit.last('approval.agreed').body['gate'], 'refunds-need-finance')
    await assert.rejects(
      authority.approvals.consume(approval.id, ask.callDigest),
      faultOf('approval.not_approved'),
    )
    await assert.rejects(
      authority.approvals.approve(approval.id, yes(fay)),
      faultOf('approval.agreed'),
    )
    const again = await home.reopen()
    const whole = await again.approvals.approve(approval.id, yes(sue))
    assert.equal(whole.state, 'approved')
    assert.deepEqual(
      whole.agreements.map(({ policy, person }) => [policy, person]),
      [
        ['refunds-need-finance', fay.id],
        ['moves-need-security', sue.id],
      ],
    )
    const other = await again.approvals.ask({ ...ask, gates, callDigest: 'sha256:other' })
    const { id } = other.approval
    await assert.rejects(again.approvals.approve(id, yes(finn)), faultOf('approval.which'))
    const first = await again.approvals.approve(id, { ...yes(finn), gate: GATE.policy })
    assert.equal(first.state, 'pending')
    assert.equal((await again.approvals.approve(id, yes(finn))).state, 'approved')
  }))

test('INV-6 two gates of the same role are two approvals; denying takes one word for all', () =>
  withAuthority(async (home, authority) => {
    const { ask, fay, sue } = await setting(home, authority)
    const twice = [GATE, { name: 'finance', policy: 'second-rule' }]
    const first = await authority.approvals.ask({ ...ask, gates: twice })
    const { id } = first.approval
    await assert.rejects(authority.approvals.approve(id, yes(fay)), faultOf('approval.which'))
    assert.equal(home.audit.last('approval.refused').body['code'], 'approval.which')
    const half = await authority.approvals.approve(id, { ...yes(fay), gate: 'second-rule' })
    assert.deepEqual([half.state, half.agreements.length], ['pending', 1])
    const whole = await authority.approvals.approve(id, yes(fay))
    assert.deepEqual([whole.state, whole.agreements.length], ['approved', 2])
    const gates = [GATE, { name: 'security', policy: 'moves-need-security' }]
    const { approval } = await authority.approvals.ask({
      ...ask,
      gates,
      callDigest: 'sha256:other',
    })
    await authority.approvals.approve(approval.id, yes(fay))
    const denied = await authority.approvals.deny(approval.id, { person: sue.id, reason: 'no' })
    assert.equal(denied.state, 'denied')
    assert.equal(denied.sealed, '', 'arguments are not kept')
    assert.equal(authority.approvals.arguments(denied), undefined)
    await assert.rejects(
      authority.approvals.approve(approval.id, yes(sue)),
      faultOf('approval.closed', /denied/),
    )
    assert.equal(home.audit.last('approval.refused').body['code'], 'approval.closed')
  }))

test('INV-6 an approval is used up once, for its own call', () =>
  withAuthority(async (home, authority) => {
    const { ask, fay } = await setting(home, authority)
    const { approval } = await authority.approvals.ask(ask)
    await authority.approvals.approve(approval.id, yes(fay))
    await assert.rejects(
      authority.approvals.consume(approval.id, 'sha256:other'),
      faultOf('approval.other_call'),
    )
    const results = await Promise.allSettled([
      authority.approvals.consume(approval.id, ask.callDigest),
      authority.approvals.consume(approval.id, ask.callDigest),
    ])
    assert.deepEqual(
      results.map((result) => result.status),
      ['fulfilled', 'rejected'],
    )
    const consumed = home.audit.types().filter((type) => type === 'approval.consumed')
    assert.equal(consumed.length, 1)
    const again = await home.reopen()
    await assert.rejects(
      again.approvals.consume(approval.id, ask.callDigest),
      faultOf('approval.closed', /consumed/),
    )
  }))

test('INV-1 an approval that could not be recorded as used is not used', () =>
  withAuthority(async (home, authority) => {
    const { ask, fay } = await setting(home, authority)
    const { approval } = await authority.approvals.ask(ask)
    await authority.approvals.approve(approval.id, yes(fay))
    home.audit.fail()
    await assert.rejects(
      authority.approvals.consume(approval.id, ask.callDigest),
      faultOf('audit.unavailable'),
    )
    home.audit.recover()
    await authority.approvals.consume(approval.id, ask.callDigest)
  }))

test('INV-13 an approval that was used up, put back by hand, locks everything', () =>
  withAuthority(async (home, authority) => {
    const { ask, fay } = await setting(home, authority)
    const { approval } = await authority.approvals.ask(ask)
    await authority.approvals.approve(approval.id, yes(fay))
    await home.editByHand('create table kept as select * from approvals')
    const again = await home.open()
    await again.approvals.consume(approval.id, ask.callDigest)
    await home.editByHand('delete from approvals; insert into approvals select * from kept')
    const last = await home.open()
    assert.equal(last.locks.find(ask.actor, 'files', 'move_file')?.id, 'integrity')
  }))

test('time decides, also over a restart and before any sweep', () =>
  withAuthority(async (home, authority) => {
    const { ask, fay } = await setting(home, authority)
    const { approval } = await authority.approvals.ask(ask)
    const approved = await authority.approvals.ask({ ...ask, callDigest: 'sha256:other' })
    await authority.approvals.approve(approved.approval.id, yes(fay))
    home.clock.advance(5 * MINUTES - 1)
    let again = await home.reopen()
    assert.equal(again.approvals.list().length, 2)
    home.clock.advance(1)
    again = await home.reopen()
    assert.deepEqual(again.approvals.list(), [])
    await assert.rejects(
      again.approvals.approve(approval.id, yes(fay)),
      faultOf('approval.expired'),
    )
    await assert.rejects(
      again.approvals.consume(approved.approval.id, 'sha256:other'),
      faultOf('approval.expired'),
    )
    assert.deepEqual(home.audit.types().slice(-3), [
      'approval.expired',
      'approval.refused',
      'approval.expired',
    ])
    assert.equal(await again.approvals.expireDue(), 0)
    assert.equal((await again.approvals.get(approval.id)).state, 'expired')
    assert.ok((await again.approvals.ask({ ...ask, expiresAt: home.clock.now() + 1 })).fresh)
  }))

test('the sweep ends what is due and leaves the rest', () =>
  withAuthority(async (home, authority) => {
    const { ask } = await setting(home, authority)
    await authority.approvals.ask(ask)
    const later = { ...ask, callDigest: 'sha256:later', expiresAt: ask.expiresAt + 1 }
    const { approval } = await authority.approvals.ask(later)
    home.clock.advance(5 * MINUTES)
    assert.equal(await authority.approvals.expireDue(home.clock.now()), 1)
    assert.deepEqual(
      authority.approvals.list().map(({ id }) => id),
      [approval.id],
    )
  }))

test('a wait ends with the decision, with the time, with the caller, or with the approval’s own end', () =>
  withAuthority(async (home, authority) => {
    const { ask, fay } = await setting(home, authority)
    const { approvals } = authority
    const { approval } = await approvals.ask(ask)
    const never = new AbortController()
    const options = { ms: 10_000, signal: never.signal }

    const abort = new AbortController()
    const left = approvals.wait(approval.id, { ms: 10_000, signal: abort.signal })
    await new Promise(setImmediate)
    abort.abort()
    assert.equal((await left).state, 'pending')
    assert.equal(
      (await approvals.wait(approval.id, { ...options, signal: abort.signal })).state,
      'pending',
    )

    const patient = approvals.wait(approval.id, options)
    await new Promise(setImmediate)
    assert.deepEqual(
      home.timer.waiting.map(({ ms }) => ms),
      [10_000],
    )
    home.clock.advance(10_000)
    home.timer.fire()
    assert.equal((await patient).state, 'pending')

    const both = [approvals.wait(approval.id, options), approvals.wait(approval.id, options)]
    await new Promise(setImmediate)
    await approvals.approve(approval.id, yes(fay))
    for (const ended of await Promise.all(both)) assert.equal(ended.state, 'approved')
    assert.equal(home.timer.waiting.length, 0, 'no timer is left behind')

    const short = await approvals.ask({
      ...ask,
      callDigest: 'sha256:short',
      expiresAt: home.clock.now() + 1000,
    })
    const expiring = approvals.wait(short.approval.id, options)
    await new Promise(setImmediate)
    assert.deepEqual(
      home.timer.waiting.map(({ ms }) => ms),
      [1000],
    )
    home.clock.advance(1000)
    home.timer.fire()
    assert.equal((await expiring).state, 'expired')
    await assert.rejects(approvals.wait('nothing', options), faultOf('approval.unknown'))
  }))

test('INV-5 a lock and a suspension void what waits, and wake who waits', () =>
  withAuthority(async (home, authority) => {
    const { ask, alice, fay } = await setting(home, authority)
    const { approval } = await authority.approvals.ask(ask)
    const other = await authority.approvals.ask({
      ...ask,
      callDigest: 'sha256:b',
      action: 'read_file',
    })
    await authority.approvals.approve(other.approval.id, yes(fay))
    const waiting = authority.approvals.wait(approval.id, {
      ms: 10_000,
      signal: new AbortController().signal,
    })
    await new Promise(setImmediate)
    await authority.locks.add({
      target: { kind: 'action', name: 'files/move_file' },
      person: alice.id,
      reason: 'a test',
    })
    await authority.settled()
    assert.equal((await waiting).state, 'void')
    assert.equal((await authority.approvals.get(other.approval.id)).state, 'approved')
    const because = { person: alice.id, reason: 'a test' }
    await authority.agents.update('bot', { state: 'suspended' }, because)
    await authority.settled()
    assert.equal((await authority.approvals.get(other.approval.id)).state, 'void')
    assert.deepEqual(home.troubles, [])
    assert.equal(home.audit.last('approval.voided').body['reason'], 'the agent is suspended')
  }))

test('an instance that is gone, or gave up, voids its own approvals only', () =>
  withAuthority(async (home, authority) => {
    const { ask } = await setting(home, authority)
    const mine = await authority.approvals.ask(ask)
    const elsewhere = { ...ask.actor, instance: '01900000-0000-7000-8000-000000000002' }
    const theirs = await authority.approvals.ask({ ...ask, actor: elsewhere })
    assert.equal(await authority.approvals.voidForInstance(ask.actor.instance, 'it ended'), 1)
    assert.equal((await authority.approvals.get(mine.approval.id)).state, 'void')
    assert.equal((await authority.approvals.get(theirs.approval.id)).state, 'pending')
    assert.equal(await authority.approvals.void(theirs.approval.id, 'it gave up'), 1)
    assert.equal(await authority.approvals.void(theirs.approval.id, 'it gave up'), 0)
  }))
