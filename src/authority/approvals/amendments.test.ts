// Holds the tests of approvals for a task: what they cover, how often, and everything that ends them (INV-6).

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  actorOf,
  faultOf,
  systemNamed,
  withAuthority,
  type AuthorityHome,
} from '../../../test/fakes/authority.ts'
import { JsonNumber, type JsonObject } from '../../std/json.ts'
import type { TaskTerms } from '../../wire/amendment.ts'
import type { Gate } from '../../wire/decision.ts'
import { replay } from '../replay.ts'
import type { Authority } from '../open.ts'
import type { AmendedAsk } from './amendments.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const INPUT = { customer: { id: 'c-1' }, amount_cents: 4_000, to: ['a@b.example'] }
const TERMS: TaskTerms = { count: 3, forMs: HOUR, loosen: ['/amount_cents<=5000'] }

/** Olga owns bot; fay and finn hold finance. Bot works on a task for una. */
async function setting(home: AuthorityHome, authority: Authority) {
  const { people, agents, systems, tasks, approvals } = authority
  const admin = await people.create({ name: 'admin', roles: ['administrator'] })
  const made = async (name: string, roles: readonly string[]) =>
    (await people.create({ name, roles })).id
  const olga = await made('olga', [])
  const una = await made('una', [])
  const fay = await made('fay', ['finance'])
  const finn = await made('finn', ['finance'])
  const bot = { name: 'bot', owner: 'olga', purpose: 'a test', roles: [], unattended: false }
  await agents.register(bot, { person: admin.id })
  await systems.pin(systemNamed('files'), { person: admin.id, reason: 'a test' })
  const wish = { intent: 'tidy up', agent: 'bot', scope: [{ action: 'files/*' }] }
  const task = await tasks.open(wish, { person: una })
  const facts = { id: task.id, intent: task.intent, person: una, scope: [], budget: {} }
  const actor = {
    ...actorOf('bot', olga, una),
    task: { ...facts, endsAt: task.endsAt, scopeDigest: 'sha256:scope' },
  }
  let asked = 0
  const about = (input: JsonObject = INPUT, gates: readonly Gate[] = gatesOf('finance')) => ({
    call: `call-${(asked += 1)}`,
    actor,
    system: 'files',
    action: 'move_file',
    definition: 'sha256:move_file',
    policySet: 'sha256:policies',
    gates,
    input,
  })
  const hold = async (...gates: string[]): Promise<string> => {
    const { approval } = await approvals.ask({
      ...about(INPUT, gatesOf(...gates)),
      callDigest: `sha256:${asked + 1}`,
      effects: ['write'],
      reason: 'moves are reviewed',
      expiresAt: home.clock.now() + HOUR,
    })
    return approval.id
  }
  const agree = (id: string, person: string, forTask: TaskTerms | undefined = TERMS) =>
    approvals.approve(id, { person, reason: 'it is right', ...(forTask && { forTask }) })
  return { admin: admin.id, olga, una, fay, finn, task, actor, about, hold, agree }
}

function gatesOf(...names: string[]): Gate[] {
  return names.map((name, i) => ({ name, policy: `p${i + 1}` }))
}

/** Uses up what covers a call, as the gateway does. */
async function run({ amendments }: Authority, ask: AmendedAsk): Promise<boolean> {
  const found = amendments.find(ask)
  return (
    found !== undefined &&
    amendments.use(
      found.map(({ id }) => id),
      ask,
    )
  )
}

test('INV-6 what was agreed for a task is recorded, covers so many calls within its bounds, and no more', () =>
  withAuthority(async (home, authority) => {
    const { about, agree, fay, hold, task } = await setting(home, authority)
    await agree(await hold('finance'), fay)
    const [given] = authority.amendments.list()
    assert.equal(given?.count, 2, 'the held call is one of the three')
    const { body, task: of } = home.audit.last('amendment.given')
    assert.deepEqual([body['amendment'], of, body['count']], [given?.id, task.id, 2])
    const said = JSON.stringify([home.audit.recorded, await home.store.amendments.all()])
    // With its quotes: what is sealed may hold any three letters.
    assert.doesNotMatch(said, /"c-1\\*"|a@b\.example|amount_cents/, 'bounds are sealed')
    assert.ok(await run(authority, about({ ...INPUT, amount_cents: 5_000 })))
    const last = about({ ...INPUT, amount_cents: new JsonNumber('0.50') })
    const ids = authority.amendments.find(last)!.map(({ id }) => id)
    const both = await Promise.all([
      authority.amendments.use(ids, last),
      authority.amendments.use(ids, about()),
    ])
    assert.deepEqual(both, [true, false], 'exactly once under a race')
    assert.equal(home.audit.last('amendment.used').call, last.call)
    assert.equal(await run(authority, about()), false)
    const { state, used, sealed } = await authority.amendments.get(given!.id)
    assert.deepEqual([state, used, sealed], ['used', 2, ''])
  }))

test('INV-6 nothing else is covered: other arguments, actions, agents, definitions, policies, gates, tasks', () =>
  withAuthority(async (home, authority) => {
    const { about, actor, agree, fay, hold, olga } = await setting(home, authority)
    await agree(await hold('finance'), fay)
    const ask = about()
    const { task: _, ...taskless } = actor
    const others: Record<string, AmendedAsk> = {
      more: about({ ...INPUT, amount_cents: 5_001 }),
      'less than nothing': about({ ...INPUT, amount_cents: -1 }),
      'a text': about({ ...INPUT, amount_cents: '4000' }),
      'no amount': about({ customer: INPUT.customer, to: INPUT.to }),
      'a member more': about({ ...INPUT, note: 'x' }),
      'another customer': about({ ...INPUT, customer: { id: 'c-2' } }),
      'one more recipient': about({ ...INPUT, to: ['a@b.example', 'c@d.example'] }),
      action: { ...ask, action: 'read_file' },
      system: { ...ask, system: 'mail' },
      definition: { ...ask, definition: 'sha256:other' },
      policies: { ...ask, policySet: 'sha256:other' },
      'a gate more': { ...ask, gates: gatesOf('finance', 'security') },
      'another gate': { ...ask, gates: gatesOf('security') },
      'another agent': { ...ask, actor: { ...actor, agent: 'bat' } },
      'another owner': { ...ask, actor: { ...actor, owner: fay } },
      'another person': { ...ask, actor: { ...actorOf('bot', olga, fay), task: actor.task } },
      'another task': { ...ask, actor: { ...actor, task: { ...actor.task, id: 'other' } } },
      'no task': { ...ask, actor: taskless },
      'passed on': {
        ...ask,
        actor: {
          ...actor,
          chain: [{ delegation: 'd', instance: 'i', agent: 'boss', roles: [], owner: olga }],
        },
      },
    }
    for (const [what, other] of Object.entries(others)) {
      assert.equal(authority.amendments.find(other), undefined, what)
      const id = authority.amendments.list()[0]!.id
      assert.equal(await authority.amendments.use([id], other), false, what)
    }
    assert.ok(await run(authority, ask))
  }))

test('INV-6 terms that are none, or that leave out the very call, are refused and recorded', () =>
  withAuthority(async (home, authority) => {
    const { agree, fay, hold } = await setting(home, authority)
    const id = await hold('finance')
    const bad: readonly Partial<TaskTerms>[] = [
      { count: 1 },
      { count: 1_001 },
      { count: 2.5 },
      { forMs: 1 },
      { forMs: 8 * 86_400_000 },
      { loosen: ['/amount_cents<=3999'] },
      { loosen: ['/to in ["x"]'] },
      { loosen: ['amount_cents<=1'] },
      { loosen: ['=*'] },
      { loosen: ['/customer=*', '/customer/id=*'] },
      { loosen: Array.from({ length: 17 }, (_, i) => `/a${i}=*`) },
    ]
    for (const one of bad) {
      await assert.rejects(agree(id, fay, { ...TERMS, ...one }), faultOf('amendment.terms'))
    }
    assert.equal(
      home.audit.types().filter((type) => type === 'approval.refused').length,
      bad.length,
    )
    const { approval } = await authority.approvals.ask({
      ...(await setting2(home, authority)),
      callDigest: 'sha256:taskless',
    })
    await assert.rejects(agree(approval.id, fay), faultOf('amendment.no_task'))
    assert.deepEqual(authority.amendments.list(), [])
  }))

/** A held call under no task. */
async function setting2(home: AuthorityHome, authority: Authority) {
  const olga = authority.people.find('olga').id
  return {
    call: 'call-taskless',
    actor: actorOf('bot', olga, olga),
    system: 'files',
    action: 'move_file',
    input: INPUT,
    effects: ['write'],
    gates: gatesOf('finance'),
    reason: 'moves are reviewed',
    definition: 'sha256:move_file',
    policySet: 'sha256:policies',
    expiresAt: home.clock.now() + HOUR,
  }
}

test('INV-6 several who agree: as narrow as the narrowest, and nothing where one of them agreed once', () =>
  withAuthority(async (home, authority) => {
    const { about, agree, fay, finn, hold } = await setting(home, authority)
    const id = await hold('2 of finance')
    await agree(id, fay, { count: 9, forMs: HOUR, loosen: ['/amount_cents=*', '/to=*'] })
    assert.deepEqual(authority.amendments.list(), [], 'one of two is nobody yet')
    await agree(id, finn, { count: 3, forMs: 2 * HOUR, loosen: ['/amount_cents<=5000'] })
    const [given] = authority.amendments.list()
    assert.deepEqual([given?.count, given!.expiresAt - home.clock.now()], [2, HOUR])
    const gates = gatesOf('2 of finance')
    assert.equal(authority.amendments.find(about({ ...INPUT, to: [] }, gates)), undefined)
    assert.ok(await run(authority, about({ ...INPUT, amount_cents: 1 }, gates)))

    const once = await hold('2 of finance')
    await agree(once, fay)
    await authority.approvals.approve(once, { person: finn, reason: 'this one' })
    assert.equal(authority.amendments.list().length, 1)
  }))

const ENDS: Record<
  string,
  (of: Awaited<ReturnType<typeof setting>>, authority: Authority, home: AuthorityHome) => unknown
> = {
  'a lock on the agent': ({ admin }, { locks }) =>
    locks.add({ target: { kind: 'agent', name: 'bot' }, person: admin, reason: 'odd' }),
  'a lock on the task': ({ admin, task }, { locks }) =>
    locks.add({ target: { kind: 'task', name: task.id }, person: admin, reason: 'odd' }),
  'the end of the task': ({ una, task }, { tasks }) =>
    tasks.end(task.id, 'done', { by: una, reason: 'done' }),
  'a role that was taken': ({ fay, admin }, { people }) =>
    people.change(fay, { roles: [] }, { person: admin, reason: 'moved on' }),
  'an approver who left': ({ fay, admin }, { people }) =>
    people.leave(fay, { person: admin, reason: 'gone' }),
  'another policy set': (_, { amendments }) =>
    amendments.voidStale({ policySet: 'sha256:new', definitionOf: () => 'sha256:move_file' }),
  'another definition': (_, { amendments }) =>
    amendments.voidStale({ policySet: 'sha256:policies', definitionOf: () => 'sha256:new' }),
  'a withdrawal': ({ fay }, { amendments }) =>
    amendments.withdraw(amendments.list()[0]!.id, { person: fay, reason: 'enough' }),
  'its time': (_, { amendments }, { clock }) => {
    clock.advance(HOUR)
    return amendments.sweep()
  },
}

for (const [what, end] of Object.entries(ENDS)) {
  test(`INV-6 it ends with ${what}, for good`, () =>
    withAuthority(async (home, authority) => {
      const of = await setting(home, authority)
      await of.agree(await of.hold('finance'), of.fay)
      const [given] = authority.amendments.list()
      const ask = of.about()
      assert.ok(authority.amendments.find(ask))
      await end(of, authority, home)
      // A lock stops the call itself until that is written.
      if (what.startsWith('a lock')) await authority.settled()
      assert.equal(authority.amendments.find(ask), undefined, 'at once')
      await authority.settled()
      const { state, sealed } = await authority.amendments.get(given!.id)
      assert.ok(['void', 'withdrawn', 'expired'].includes(state), state)
      assert.equal(sealed, '')
      assert.equal(await authority.amendments.use([given!.id], ask), false)
      assert.deepEqual((await home.reopen()).amendments.list(), [])
    }))
}

test('INV-13 a restart keeps what is left, an older database is told by the log, an edited row is nothing', () =>
  withAuthority(async (home, authority) => {
    const { about, agree, fay, hold } = await setting(home, authority)
    await agree(await hold('finance'), fay, { ...TERMS, count: 4 })
    await home.store.close()
    const older = await (await home.rows).keep()
    assert.ok(await run(await home.reopen(), about()))
    const again = await home.reopen()
    assert.equal(again.amendments.list()[0]?.used, 1)
    assert.ok(await run(again, about()))
    await home.store.close()
    await older()
    const restored = await home.reopen()
    assert.equal(restored.amendments.list()[0]?.used, 0)
    const { store, clock } = home
    const audit = {
      append: home.audit.append.bind(home.audit),
      tail: home.audit.tail.bind(home.audit),
      byCall: async () => [],
    }
    const replayed = await replay({ audit, store, clock })
    assert.equal(replayed.amendments, 1)
    const after = await home.reopen()
    assert.equal(after.amendments.list()[0]?.used, 2)
    await home.editByHand(`update amendments set doc = replace(doc, '"used":2', '"used":0')`)
    assert.deepEqual((await home.reopen()).amendments.list(), [])
  }))

test('INV-1 what cannot be recorded is not used, and not given', () =>
  withAuthority(async (home, authority) => {
    const { about, agree, fay, hold } = await setting(home, authority)
    const id = await hold('finance')
    home.audit.before = ({ type }) => {
      if (type === 'amendment.given') throw new Error('disk on fire')
    }
    await assert.rejects(agree(id, fay))
    assert.deepEqual(authority.amendments.list(), [])
    assert.equal((await authority.approvals.get(id)).state, 'pending', 'all of it or nothing')
    home.audit.recover()
    await agree(id, fay)
    home.audit.fail()
    await assert.rejects(run(authority, about()), faultOf('audit.unavailable'))
    home.audit.recover()
    assert.equal(authority.amendments.list()[0]?.used, 0)
  }))

test('INV-6 what is asked ahead runs nothing: agreeing gives what was asked, or what the approver says', () =>
  withAuthority(async (home, authority) => {
    const { about, agree, fay, finn } = await setting(home, authority)
    const { approvals, amendments } = authority
    const ahead = { terms: { ...TERMS, count: 1 }, why: 'the refunds of this ticket' }
    const ask = (n: number, more = {}) =>
      approvals.ask({
        ...about(),
        callDigest: `sha256:ahead-${n}`,
        effects: ['write'],
        reason: 'moves are reviewed',
        expiresAt: home.clock.now() + HOUR,
        ahead,
        ...more,
      })
    const { approval } = await ask(1)
    assert.equal((await ask(1)).approval.id, approval.id, 'asked again, it joins')
    assert.deepEqual(approvals.ahead(approval), ahead)
    assert.doesNotMatch(JSON.stringify([home.audit.recorded, approval]), /this ticket|amount_cents/)
    const agreed = await approvals.approve(approval.id, { person: fay, reason: 'fine' })
    assert.equal(agreed.state, 'consumed')
    await assert.rejects(
      approvals.consume(approval.id, 'sha256:ahead-1'),
      faultOf('approval.closed'),
    )
    assert.deepEqual(
      amendments.list().map(({ count }) => count),
      [1],
      'all that was asked for is still to come',
    )
    assert.ok(await run(authority, about({ ...INPUT, amount_cents: 7 })))
    assert.equal(await run(authority, about()), false)

    const other = (await ask(2)).approval
    await agree(other.id, finn, { count: 5, forMs: HOUR, loosen: [] })
    assert.equal(amendments.list()[0]?.count, 5, 'the word of the approver counts')
    assert.equal(amendments.find(about({ ...INPUT, amount_cents: 7 })), undefined)

    const { task: _, ...taskless } = about().actor
    await assert.rejects(ask(3, { actor: taskless }), faultOf('amendment.no_task'))
    for (const terms of [{ count: 5_000 }, { loosen: ['/amount_cents<=1'] }, { forMs: 5 }]) {
      const wide = { ahead: { ...ahead, terms: { ...TERMS, ...terms } } }
      await assert.rejects(ask(4, wide), faultOf('amendment.terms'))
    }
    for (let n = 10; n < 20; n++) await ask(n)
    await assert.rejects(ask(20), faultOf('amendment.rate'))
    home.clock.advance(HOUR)
    assert.ok((await ask(21, { expiresAt: home.clock.now() + HOUR })).fresh)
  }))
