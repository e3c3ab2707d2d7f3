// Holds the tests of tasks: what may be asked for, that they only narrow, that they end, and what a restart leaves of them.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { faultOf, withAuthority, type AuthorityHome } from '../../../test/fakes/authority.ts'
import { canonicalJson, type Json } from '../../std/json.ts'
import type { Task } from '../../store/rows/task.ts'
import { scopeCovers } from '../../wire/scope.ts'
import type { TaskPermit } from '../../wire/task.ts'
import type { Authority } from '../open.ts'
import { narrowed } from './narrow.ts'
import { taskDigest } from './record.ts'
import type { TaskWish } from './tasks.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const WISH = { intent: 'answer the mail', agent: 'bot', scope: [{ action: 'mail/*' }] }

async function setting(authority: Authority): Promise<string> {
  const { id } = await authority.people.create({ name: 'alice', roles: [] })
  const agent = { owner: 'alice', purpose: 'a test', roles: [] }
  await authority.agents.register({ ...agent, name: 'bot', unattended: false }, { person: id })
  await authority.agents.register({ ...agent, name: 'cron', unattended: true }, { person: id })
  return id
}

function run(
  body: (of: { home: AuthorityHome; authority: Authority; alice: string }) => Promise<void>,
) {
  return withAuthority(async (home, authority) => {
    const alice = await setting(authority)
    await body({ home, authority, alice })
  })
}

test('a task is recorded by digest before it is there, ends after a working day, and names who asked', () =>
  run(async ({ home, authority, alice }) => {
    const asked = { key: 'kid', proof: 'a.b.c', body: '{}' }
    const task = await authority.tasks.open(WISH, { person: alice, asked })
    const { body, person, agent, type } = home.audit.last('task.opened')
    assert.deepEqual([type, person, agent], ['task.opened', alice, 'bot'])
    assert.deepEqual([body['key'], body['proof'], body['user']], ['kid', 'a.b.c', alice])
    assert.equal(body['digest'], taskDigest(task))
    assert.doesNotMatch(JSON.stringify(body), /mail/, 'neither intent nor scope is in the record')
    assert.equal(task.endsAt - home.clock.now(), 8 * HOUR)
    const again = await home.reopen()
    assert.equal(
      canonicalJson(again.tasks.list() as unknown as Json),
      canonicalJson([task] as unknown as Json),
    )
  }))

for (const [title, wish, code] of [
  ['no intent', { ...WISH, intent: ' ' }, 'task.intent'],
  ['an intent of two lines', { ...WISH, intent: 'a\nb' }, 'task.intent'],
  ['an intent that hides its end', { ...WISH, intent: 'pay \u202Eetacilpud' }, 'task.intent'],
  ['no permit', { ...WISH, scope: [] }, 'task.scope'],
  ['too many permits', { ...WISH, scope: Array(65).fill({ action: '*' }) }, 'task.scope'],
  ['a pattern that is none', { ...WISH, scope: [{ action: 'mail' }] }, 'task.scope'],
  [
    'a condition that nobody can read',
    { ...WISH, scope: [{ action: '*', when: 'true' }] },
    'task.scope',
  ],
  ['a budget of nothing', { ...WISH, budget: { calls: 0 } }, 'task.budget'],
  ['a budget of a half', { ...WISH, budget: { money: 1.5 } }, 'task.budget'],
  ['no time', { ...WISH, endsAt: 1 }, 'task.window'],
  ['an agent that is not there', { ...WISH, agent: 'bat' }, 'agent.unknown'],
  ['nobody, for an agent that does not act for nobody', { ...WISH, user: null }, 'task.attended'],
] satisfies readonly [string, TaskWish, string][]) {
  test(`a task is not opened with ${title}`, () =>
    run(async ({ home, authority, alice }) => {
      await assert.rejects(authority.tasks.open(wish, { person: alice }), faultOf(code))
      assert.deepEqual(authority.tasks.list(), [])
      assert.ok(!home.audit.types().includes('task.opened'))
    }))
}

test('a task lasts 30 days at most, and no longer than that however late it begins', () =>
  run(async ({ home, authority, alice }) => {
    const now = home.clock.now()
    const { tasks } = authority
    const by = { person: alice }
    await assert.rejects(
      tasks.open({ ...WISH, endsAt: now + 30 * DAY + 1 }, by),
      faultOf('task.window'),
    )
    const late = { startsAt: now + 29 * DAY, endsAt: now + 31 * DAY }
    await assert.rejects(tasks.open({ ...WISH, ...late }, by), faultOf('task.window'))
    assert.ok(await tasks.open({ ...WISH, endsAt: now + 30 * DAY }, by))
  }))

test('an agent that is not active is given no task', () =>
  run(async ({ authority, alice }) => {
    const word = { person: alice, reason: 'a test' }
    await authority.agents.update('bot', { state: 'suspended' }, word)
    await assert.rejects(authority.tasks.open(WISH, { person: alice }), faultOf('task.agent'))
  }))

test('the policy in force says what conditions mean, with the place of what is wrong', () =>
  run(async ({ authority, alice }) => {
    const problem = { file: 'scope line 1', line: 1, column: 9, code: 'policy.task_scope' as const }
    authority.tasks.checkScopesWith((scope) =>
      scope.some(({ when }) => when === 'bad') ? [{ ...problem, message: 'no such thing' }] : [],
    )
    const wish = (when: string): TaskWish => ({ ...WISH, scope: [{ action: 'mail/*', when }] })
    await assert.rejects(
      authority.tasks.open(wish('bad'), { person: alice }),
      faultOf('task.scope', /scope line 1:1:9 no such thing/),
    )
    const task = await authority.tasks.open(wish('good'), { person: alice })
    const word = { by: alice, reason: 'a test' }
    const scope = [{ action: 'mail/send', when: 'bad' }]
    await assert.rejects(authority.tasks.narrow(task.id, { scope }, word), faultOf('task.wider'))
  }))

test('INV-5 an ended task is gone before anything is written, is told of once, and stays ended', () =>
  run(async ({ home, authority, alice }) => {
    const { tasks } = authority
    const one = await tasks.open(WISH, { person: alice })
    const told: string[] = []
    tasks.onEnd((id) => told.push(id))
    const seeker = { agent: 'bot', instance: 'i', user: alice }
    assert.ok(typeof tasks.choose(seeker) === 'object')
    const written = tasks.end(one.id, 'cancelled', { by: alice, reason: 'enough' })
    assert.deepEqual(told, [one.id])
    assert.equal(tasks.choose(seeker), 'none')
    assert.equal(tasks.choose(seeker, one.id), 'over')
    await written
    const { person, body } = home.audit.last('task.cancelled')
    assert.deepEqual([person, body['task'], body['reason']], [alice, one.id, 'enough'])
    await assert.rejects(
      tasks.end(one.id, 'done', { by: alice, reason: 'again' }),
      faultOf('task.unknown'),
    )
    const again = await home.reopen()
    assert.deepEqual(again.tasks.list(), [])
    assert.equal((await again.tasks.get(one.id)).state, 'cancelled')
  }))

test('an end that could not be recorded is in force, and is recorded later', () =>
  run(async ({ home, authority, alice }) => {
    const { tasks } = authority
    const { id } = await tasks.open(WISH, { person: alice })
    home.audit.fail()
    await assert.rejects(tasks.end(id, 'done', { by: alice, reason: 'done' }))
    assert.deepEqual(tasks.list(), [])
    home.audit.recover()
    await tasks.sweep()
    assert.equal((await home.store.tasks.get(id))?.doc.state, 'done')
  }))

test('a task that is over is none at that instant, is recorded by the sweep, and does not come back', () =>
  run(async ({ home, authority, alice }) => {
    const { tasks } = authority
    const { id } = await tasks.open(WISH, { person: alice })
    const seeker = { agent: 'bot', instance: 'i', user: alice }
    home.clock.advance(8 * HOUR)
    assert.equal(tasks.choose(seeker), 'none')
    assert.equal(tasks.choose(seeker, id), 'over')
    await tasks.sweep()
    assert.equal(home.audit.last('task.expired').body['task'], id)
    assert.deepEqual((await home.reopen()).tasks.list(), [])
  }))

test('a task that expired while nothing ran is written as such', () =>
  run(async ({ home, authority, alice }) => {
    const { id } = await authority.tasks.open(WISH, { person: alice })
    home.clock.advance(9 * HOUR)
    const again = await home.reopen()
    await again.tasks.sweep()
    assert.equal((await home.store.tasks.get(id))?.doc.state, 'expired')
  }))

test('a task that begins later is none before', () =>
  run(async ({ home, authority, alice }) => {
    const startsAt = home.clock.now() + HOUR
    const { id } = await authority.tasks.open({ ...WISH, startsAt }, { person: alice })
    const seeker = { agent: 'bot', instance: 'i', user: alice }
    assert.equal(authority.tasks.choose(seeker), 'none')
    assert.equal(authority.tasks.choose(seeker, id), 'over')
    home.clock.advance(HOUR)
    assert.ok(typeof authority.tasks.choose(seeker) === 'object')
  }))

test('a narrowing while the task is ended changes nothing', () =>
  run(async ({ home, authority, alice }) => {
    const { tasks } = authority
    const { id } = await tasks.open(WISH, { person: alice })
    const word = { by: alice, reason: 'a test' }
    let ended: Promise<unknown> | undefined
    home.audit.before = ({ type }) => {
      if (type === 'task.narrowed') ended = tasks.end(id, 'cancelled', word)
    }
    await assert.rejects(tasks.narrow(id, { budget: { calls: 1 } }, word), faultOf('task.unknown'))
    await ended
    assert.deepEqual(tasks.list(), [])
    assert.equal((await home.store.tasks.get(id))?.doc.state, 'cancelled')
  }))

const permit = fc.record(
  {
    action: fc.constantFrom('*', 'a/*', 'b/*', 'a/x', 'a/y', 'b/x'),
    when: fc.constantFrom('one', 'two'),
  },
  { requiredKeys: ['action'] },
)

test('INV-4 whatever is asked of a narrowing, what it allows was allowed before, under that condition or one more', () => {
  const allows = (
    scope: readonly TaskPermit[],
    system: string,
    action: string,
    holds: readonly string[],
  ) =>
    scope.some(
      (one) =>
        scopeCovers([one.action], system, action) &&
        (one.when === undefined || holds.includes(one.when)),
    )
  const task = { scope: [], budget: {}, endsAt: 100 } as unknown as Task
  fc.assert(
    fc.property(
      fc.array(permit, { minLength: 1, maxLength: 4 }),
      fc.array(permit, { minLength: 1, maxLength: 4 }),
      fc.record({ calls: fc.integer({ min: 1, max: 9 }) }, { requiredKeys: [] }),
      fc.record({ calls: fc.integer({ min: 1, max: 9 }) }, { requiredKeys: [] }),
      fc.integer({ min: 1, max: 200 }),
      (before, after, had, has, endsAt) => {
        let left: Task
        try {
          left = narrowed(
            { ...task, scope: before, budget: had },
            { scope: after, budget: has, endsAt },
          )
        } catch {
          return
        }
        assert.ok(left.endsAt <= 100)
        assert.ok((left.budget.calls ?? Infinity) <= (had.calls ?? Infinity))
        for (const [system, action] of [
          ['a', 'x'],
          ['a', 'y'],
          ['b', 'x'],
          ['c', 'z'],
        ] as const) {
          for (const holds of [[], ['one'], ['two'], ['one', 'two']]) {
            if (allows(left.scope, system, action, holds)) {
              assert.ok(
                allows(before, system, action, holds),
                JSON.stringify({ before, after, holds }),
              )
            }
          }
        }
      },
    ),
    { numRuns: 1000 },
  )
})
