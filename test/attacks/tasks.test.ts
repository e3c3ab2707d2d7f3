// Holds attacks on tasks: another's, an ended one, leaving one, dropping one, widening one, putting one back by hand.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Actors } from '../../src/authority/identity/actors.ts'
import type { Task } from '../../src/store/rows/task.ts'
import type { Actor } from '../../src/wire/actor.ts'
import type { Presented, Unauthenticated } from '../../src/wire/presented.ts'
import { faultOf } from '../fakes/authority.ts'
import { AGENTS, DelegatedHome, instanceOf } from '../fakes/delegated.ts'

type Tasks = DelegatedHome['authority']['tasks']

/** Who acts, as instance `n` under a delegation, with a task named or not. */
function acting(home: DelegatedHome, n: number, delegation: string | undefined) {
  const { agents, people, tasks } = home.authority
  const made = new Actors({
    clock: home.home.clock,
    registry: { agentOf: (name) => agents.get(name), personOf: (id) => people.get(id) },
    delegations: home.delegations,
    tasks,
    identities: {
      actorOf: () => undefined,
      live: (id) => {
        const held = home.instances.live(id)
        const spiffeId = `spiffe://test/agent/${held?.agent}/${id}`
        return held && { id, agent: held.agent, spiffeId, lifeEnds: home.in(7_200) }
      },
    },
    tokens: {
      check: () => ({
        id: 't',
        instance: instanceOf(n),
        ends: home.in(600),
        binding: { kind: 'dpop' },
        ...(delegation !== undefined && { delegation }),
      }),
    },
  })
  const shown: Presented = { token: { scheme: 'DPoP', text: 't' }, resource: 'r' }
  return (task?: string): Actor | Unauthenticated =>
    made.actorOf(task === undefined ? shown : { ...shown, task })
}

/** The task of an actor, or why there is none. */
function taskOf(found: Actor | Unauthenticated): string {
  return 'refused' in found ? found.code : (found.task?.id ?? 'none')
}

function open(home: DelegatedHome, of: Partial<Parameters<Tasks['open']>[0]> = {}): Promise<Task> {
  const wish = { intent: 'a test', agent: AGENTS[0], scope: [{ action: '*' }] }
  return home.authority.tasks.open({ ...wish, ...of }, { person: home.person })
}

test('INV-4 the only task that is open applies, whether it is named or not', () =>
  DelegatedHome.with(async (home) => {
    const head = await home.head()
    const ask = acting(home, 0, head.id)
    assert.equal(taskOf(ask()), 'none')
    const { id } = await open(home)
    assert.deepEqual([taskOf(ask()), taskOf(ask(id))], [id, id])
  }))

test('INV-4 naming none where several are open leaves one without any, and without what it is registered for', () =>
  DelegatedHome.with(async (home) => {
    const word = { person: home.person, reason: 'a test' }
    await home.authority.agents.update('one', { taskless: true }, word)
    const ask = acting(home, 0, (await home.head()).id)
    assert.equal((ask() as Actor).taskless, true, 'nothing is open: it is registered for that')
    const [first] = [await open(home), await open(home)]
    const silent = ask() as Actor
    assert.deepEqual([silent.task, silent.taskless], [undefined, false])
    assert.equal(taskOf(ask(first.id)), first.id)
  }))

test("INV-4 a task of another agent, another person, another instance, or nobody's is not there, in the same words", () =>
  DelegatedHome.with(async (home) => {
    const { id: bob } = await home.authority.people.create({ name: 'bob', roles: [] })
    const ask = acting(home, 0, (await home.head()).id)
    const others = [
      await open(home, { agent: 'two' }),
      await open(home, { user: bob }),
      await open(home, { instance: instanceOf(0, 1) }),
      await open(home, { bound: true }),
      await open(home, { agent: 'five', user: null }),
    ].map(({ id }) => id)
    const made = [instanceOf(5), 'x', '', '__proto__', `${others[0]},${others[1]}`]
    const answers = [...others, ...made].map((id) => {
      const found = ask(id) as Unauthenticated
      return [found.code, found.detail, found.of?.instance]
    })
    for (const one of answers) assert.deepEqual(one, answers[0], 'nothing tells one from the other')
    assert.equal(answers[0]?.[0], 'authenticate.unknown_task')
    assert.equal(taskOf(ask()), 'none', 'and none of them applies by itself')
  }))

test('INV-4 INV-5 an ended task is worth nothing, and neither is one that its time has left', () =>
  DelegatedHome.with(async (home) => {
    const ask = acting(home, 0, (await home.head({ seconds: 7_000 })).id)
    const { id } = await open(home)
    await home.authority.tasks.end(id, 'done', { by: home.person, reason: 'done' })
    assert.equal(taskOf(ask(id)), 'authenticate.task_over')
    const short = await open(home, { endsAt: home.in(60) })
    home.home.clock.advance(60_000)
    assert.equal(taskOf(ask(short.id)), 'authenticate.task_over')
    assert.equal(taskOf(ask()), 'none')
  }))

test('INV-4 what a delegation is bound to cannot be dropped, exchanged, or outlived', () =>
  DelegatedHome.with(async (home) => {
    const head = await home.head()
    const ask = acting(home, 0, head.id)
    const mine = await open(home, { bound: true })
    const other = await open(home)
    await home.delegations.bindTask(head.id, mine.id)
    assert.equal(taskOf(ask()), mine.id, 'another one being open changes nothing')
    assert.equal(taskOf(ask(other.id)), 'authenticate.unknown_task')
    await assert.rejects(home.delegations.bindTask(head.id, other.id), faultOf('delegation.task'))
    await home.authority.tasks.end(mine.id, 'cancelled', { by: home.person, reason: 'enough' })
    for (const named of [undefined, mine.id]) {
      assert.equal(taskOf(ask(named)), 'authenticate.task_over')
    }
    await home.reopen()
    assert.equal(
      taskOf(acting(home, 0, head.id)()),
      'authenticate.task_over',
      'after a restart too',
    )
  }))

test('INV-4 a sub-agent stays under the task of the head, whatever is open for itself', () =>
  DelegatedHome.with(async (home) => {
    const head = await home.head()
    const task = await open(home)
    const own = await open(home, { agent: 'two' })
    const passed = await home.pass(head, 0, 1)
    const last = await home.pass(passed, 1, 2)
    assert.deepEqual([passed.task, last.task], [task.id, task.id])
    const ask = acting(home, 2, last.id)
    assert.equal(taskOf(ask()), task.id)
    assert.equal(taskOf(ask(own.id)), 'authenticate.unknown_task')
    await open(home)
    assert.equal(taskOf(ask()), task.id, 'another task of the head does not take it over')
    await home.authority.tasks.end(task.id, 'done', { by: home.person, reason: 'done' })
    assert.equal(taskOf(ask()), 'authenticate.task_over')
  }))

test('INV-4 authority that was passed on before there was a task comes under that of the head', () =>
  DelegatedHome.with(async (home) => {
    const passed = await home.pass(await home.head(), 0, 1)
    await open(home, { agent: 'two' })
    const ask = acting(home, 1, passed.id)
    assert.equal(taskOf(ask()), 'none', 'its own counts for nothing in this chain')
    const { id } = await open(home)
    assert.equal(taskOf(ask()), id)
  }))

test('INV-4 a sub-agent acts without a task only where everybody above may', () =>
  DelegatedHome.with(async (home) => {
    const word = { person: home.person, reason: 'a test' }
    const passed = await home.pass(await home.head(), 0, 1)
    const ask = acting(home, 1, passed.id)
    await home.authority.agents.update('two', { taskless: true }, word)
    assert.equal((ask() as Actor).taskless, undefined)
    await home.authority.agents.update('one', { taskless: true }, word)
    assert.equal((ask() as Actor).taskless, true)
  }))

test('INV-4 with several tasks open nothing is passed on until it is said for which', () =>
  DelegatedHome.with(async (home) => {
    const head = await home.head()
    const [first, second] = [await open(home), await open(home)]
    const foreign = await open(home, { agent: 'two' })
    const pass = (task?: string) =>
      home.delegations.pass({
        by: { instance: instanceOf(0), agent: 'one' },
        parent: head.id,
        agent: 'two',
        ...(task !== undefined && { task }),
        expiresAt: head.expiresAt,
      })
    await assert.rejects(pass(), faultOf('delegation.task', /several/))
    await assert.rejects(pass(foreign.id), faultOf('delegation.task', /no task/))
    const passed = await pass(second.id)
    await home.delegations.bind(passed.id, instanceOf(1))
    assert.equal(taskOf(acting(home, 1, passed.id)(first.id)), 'authenticate.unknown_task')
    const further = (task: string) =>
      home.delegations.pass({
        by: { instance: instanceOf(1), agent: 'two' },
        parent: passed.id,
        agent: 'three',
        task,
        expiresAt: head.expiresAt,
      })
    await assert.rejects(further(first.id), faultOf('delegation.task'), 'not the one above')
    assert.equal((await further(second.id)).task, second.id)
  }))

test('INV-4 no amendment widens a task', () =>
  DelegatedHome.with(async (home) => {
    const { tasks } = home.authority
    tasks.checkScopesWith(() => [])
    const task = await open(home, {
      scope: [{ action: 'mail/send', when: 'a' }, { action: 'files/*' }],
      budget: { calls: 5 },
      endsAt: home.in(600),
    })
    const word = { by: home.person, reason: 'more, please' }
    for (const to of [
      { endsAt: home.in(601) },
      { endsAt: Number.NaN },
      { budget: { calls: 6 } },
      { scope: [{ action: 'mail/send' }] },
      { scope: [{ action: 'mail/send', when: 'b' }] },
      { scope: [{ action: 'mail/send', when: '(a) || (true)' }] },
      { scope: [{ action: 'mail/*', when: 'a' }] },
      { scope: [{ action: '*' }] },
    ]) {
      await assert.rejects(
        tasks.narrow(task.id, to, word),
        faultOf('task.wider'),
        JSON.stringify(to),
      )
    }
    assert.deepEqual(tasks.find(task.id), task)
    const less = await tasks.narrow(
      task.id,
      { scope: [{ action: 'files/read', when: 'c' }], budget: { writes: 1 }, endsAt: home.in(60) },
      word,
    )
    assert.deepEqual(less.budget, { calls: 5, writes: 1 }, 'a bound that is not named stays')
    await assert.rejects(
      tasks.narrow(task.id, { scope: [{ action: 'files/read' }] }, word),
      faultOf('task.wider'),
      'and what was given up does not come back',
    )
  }))

test('INV-13 a task that was written, moved or put back by hand is none', () =>
  DelegatedHome.with(async (home) => {
    const head = await home.head()
    const { id } = await open(home)
    await home.authority.tasks.end(id, 'done', { by: home.person, reason: 'done' })
    const there = await open(home, { agent: 'two' })
    await home.home.editByHand(
      `update tasks set state = 'active', doc = replace(doc, '"done"', '"active"') where id = '${id}';
       update tasks set agent = 'one', doc = replace(doc, '"two"', '"one"') where id = '${there.id}'`,
    )
    home.authority = await home.home.open()
    home.delegations.watch(home.instances)
    assert.deepEqual(home.authority.tasks.list(), [])
    assert.equal(taskOf(acting(home, 0, head.id)()), 'none')
    assert.equal(
      home.authority.locks.list()[0]?.id,
      'integrity',
      'and nothing goes on as if nothing were',
    )
  }))

test('INV-5 a task that serves a delegation ends with it, and what is under it with that', () =>
  DelegatedHome.with(async (home) => {
    const task = await open(home, { bound: true })
    const head = await home.delegations.create({
      person: 'alice',
      agent: 'one',
      depth: 2,
      task: task.id,
      expiresAt: home.in(600),
    })
    await home.delegations.bind(head.id, instanceOf(0))
    const passed = await home.pass(head, 0, 1)
    await home.delegations.revoke(passed.id, { by: home.person, reason: 'the part is done' })
    assert.equal(home.authority.tasks.list().length, 1, 'a part that ends ends no task')
    const done = home.delegations.revoke(head.id, { by: home.person, reason: 'enough' })
    assert.deepEqual(home.authority.tasks.list(), [], 'before anything is written')
    await done
    await home.authority.tasks.sweep()
    assert.equal((await home.authority.tasks.get(task.id)).state, 'done')
  }))

test('INV-5 INV-9 a lock on a task stops whoever works on it, sub-agents among them, and nobody else', () =>
  DelegatedHome.with(async (home) => {
    const head = await home.head()
    const task = await open(home)
    const passed = await home.pass(head, 0, 1)
    const target = { kind: 'task', name: task.id } as const
    await home.authority.locks.add({ target, person: home.person, reason: 'look first' })
    const { locks } = home.authority
    for (const found of [acting(home, 0, head.id)(), acting(home, 1, passed.id)()]) {
      assert.ok(locks.find(found as Actor, 'files', 'read'))
    }
    const other = await home.head()
    await home.delegations.bindTask(other.id, (await open(home, { bound: true })).id)
    const free = acting(home, 0, other.id)() as Actor
    assert.equal(locks.find(free, 'files', 'read'), undefined)
    const nonsense = { target: { kind: 'task', name: 'x' } as const, person: '', reason: 'x' }
    await assert.rejects(locks.add(nonsense), faultOf('lock.target'))
  }))

test('INV-4 nobody works on for somebody who has left, nor for what they asked; nor as an agent that is retired', () =>
  DelegatedHome.with(async (home) => {
    const { people, agents, tasks } = home.authority
    const { id: bob } = await people.create({ name: 'bob', roles: ['administrator'] })
    const wish = { intent: 'a test', agent: 'five', scope: [{ action: '*' }], user: null }
    const asked = await tasks.open(wish, { person: bob })
    const served = await open(home, { user: bob })
    const kept = await open(home, { agent: 'two' })
    const retired = await open(home, { agent: 'three' })
    const word = { person: home.person, reason: 'a test' }
    await people.create({ name: 'root', roles: ['administrator'] })
    const leaving = people.leave(bob, word)
    await leaving
    await agents.update('three', { state: 'retired' }, word)
    assert.deepEqual(
      tasks.list().map(({ id }) => id),
      [kept.id],
    )
    await tasks.sweep()
    for (const { id } of [asked, served, retired]) {
      assert.equal((await tasks.get(id)).state, 'cancelled')
    }
  }))

test('INV-5 a lock on who asked for a task stops it, whoever it is for', () =>
  DelegatedHome.with(async (home) => {
    const { people, locks, tasks } = home.authority
    const { id: bob } = await people.create({ name: 'bob', roles: ['operator'] })
    const head = await home.head()
    const wish = { intent: 'a test', agent: 'one', scope: [{ action: '*' }], user: home.person }
    await tasks.open(wish, { person: bob })
    const target = { kind: 'person', name: 'bob' } as const
    await locks.add({ target, person: home.person, reason: 'his key was taken' })
    assert.ok(locks.find(acting(home, 0, head.id)() as Actor, 'files', 'read'))
  }))
