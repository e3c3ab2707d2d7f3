// Holds the tests of the routes of tasks: who may open one for whom, who sees it, who may end it, and what a join token brings.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ControlHome, type FakeOperator } from '../../../test/fakes/control.ts'

let home: ControlHome
/** Operator and owner of nothing else: `ada` owns `hers`, `bob` owns `bot`, `team` owns `shared`. */
let bob: FakeOperator
let eve: FakeOperator
let vera: FakeOperator
let mara: FakeOperator

before(async () => {
  home = await ControlHome.open()
  bob = await home.person('bob', [])
  eve = await home.person('eve', [])
  vera = await home.person('vera', ['viewer'])
  mara = await home.person('mara', [])
  const by = { person: home.ada.id }
  await home.authority.teams.create({ name: 'crew', members: ['mara'] }, { ...by, reason: 'x' })
  for (const [name, owner] of [
    ['bot', 'bob'],
    ['hers', 'ada'],
    ['shared', 'team:crew'],
  ] as const) {
    const agent = { name, owner, purpose: 'a test', roles: [], unattended: true }
    await home.authority.agents.register(agent, by)
  }
})

after(() => home.close())

const ALLOW = [{ action: '*' }]

async function open(as: FakeOperator, more: object = {}, status = 200): Promise<string> {
  home.clock.advance(1)
  const body = { agent: 'bot', intent: 'is tested', allow: ALLOW, ...more }
  const answer = await home.read('POST', '/v1/tasks', { as, body }, status)
  return String(answer['id'] ?? answer['code'])
}

async function ids(as: FakeOperator, query = ''): Promise<string[]> {
  const { tasks } = await home.read('GET', `/v1/tasks${query}`, { as })
  return (tasks as { id: string }[]).map(({ id }) => id)
}

test('INV-4 a task is opened by the owner, by whom the agent acts for, and by an operator; for others by an operator alone', async () => {
  assert.equal(await open(eve, {}, 403), 'task.not_yours')
  assert.equal(await open(vera, {}, 403), 'task.not_yours')
  assert.match(await open(bob), /^[0-9a-f-]{36}$/)
  assert.match(await open(bob, { unattended: true }), /^[0-9a-f-]{36}$/)
  assert.equal(await open(bob, { on_behalf_of: 'eve' }, 403), 'task.not_yours')
  assert.equal(await open(bob, { agent: 'hers' }, 403), 'task.not_yours')
  assert.match(await open(mara, { agent: 'shared' }), /^[0-9a-f-]{36}$/)
  assert.match(await open(home.ada, { on_behalf_of: 'eve' }), /^[0-9a-f-]{36}$/)
  const expiresAt = home.clock.now() + 3_600_000
  const { id } = await home.authority.delegations.create({ person: 'eve', agent: 'bot', expiresAt })
  assert.match(await open(eve), /^[0-9a-f-]{36}$/, 'it acts for her')
  assert.equal(await open(eve, { unattended: true }, 403), 'task.not_yours')
  const word = { by: eve.id, reason: 'a test' }
  await home.authority.delegations.revoke(id, word)
  assert.equal(await open(eve, {}, 403), 'task.not_yours', 'and no longer')
})

test('a task is shown to whom it concerns and to who may look; to others it is not there', async () => {
  const id = await open(home.ada, { agent: 'hers', on_behalf_of: 'eve' })
  const path = `/v1/tasks/${id}`
  for (const as of [home.ada, eve, vera]) {
    assert.equal((await home.read('GET', path, { as }))['id'], id)
    assert.ok((await ids(as)).includes(id))
  }
  for (const as of [bob, mara]) {
    assert.equal((await home.ask('GET', path, { as })).status, 404)
    assert.ok(!(await ids(as)).includes(id))
    for (const verb of ['close', 'cancel', 'narrow']) {
      const body = { reason: 'mine now', ...(verb === 'narrow' && { budget: { calls: 1 } }) }
      assert.equal((await home.ask('POST', `${path}/${verb}`, { as, body })).status, 404)
    }
  }
  const body = { reason: 'look, no more' }
  const refused = await home.ask('POST', `${path}/close`, { as: vera, body })
  assert.equal(refused.status, 404, 'who may look may not end it')
  const mine = await ids(home.ada, '?mine=true&agent=hers')
  assert.deepEqual(mine, [id])
  assert.deepEqual(await ids(home.ada, '?agent=nobody'), [])
})

test('a task is made less and ended by whom it concerns, with a reason', async () => {
  const id = await open(bob, { budget: { calls: 5 } })
  const narrow = { budget: { calls: 2 }, reason: 'less' }
  const less = await home.read('POST', `/v1/tasks/${id}/narrow`, { as: bob, body: narrow })
  assert.deepEqual({ ...(less['budget'] as object) }, { calls: 2 })
  const wider = { budget: { calls: 3 }, reason: 'more' }
  await home.read('POST', `/v1/tasks/${id}/narrow`, { as: bob, body: wider }, 403)
  await home.read('POST', `/v1/tasks/${id}/narrow`, { as: bob, body: { reason: 'why' } }, 400)
  await home.read('POST', `/v1/tasks/${id}/close`, { as: bob, body: {} }, 400)
  const done = await home.read('POST', `/v1/tasks/${id}/close`, { as: bob, body: { reason: 'ok' } })
  assert.equal(done['state'], 'done')
  await home.read('POST', `/v1/tasks/${id}/cancel`, { as: bob, body: { reason: 'ok' } }, 404)
})

test('the request that a key signed is kept with the task, word for word', async () => {
  const id = await open(bob, { intent: 'kept as it is' })
  const { request } = await home.read('GET', `/v1/tasks/${id}`, { as: bob })
  const { body, proof } = request as { body: string; proof: string }
  assert.match(body, /"intent":"kept as it is"/)
  assert.equal(proof.split('.').length, 3)
})

test('INV-4 a delegation is bound to a task of its own person and agent, once', async () => {
  const expiresAt = home.clock.now() + 3_600_000
  const of = (person: string, agent: string) =>
    home.authority.delegations.create({ person, agent, expiresAt })
  const { id } = await of('bob', 'bot')
  for (const foreign of [(await of('eve', 'bot')).id, (await of('bob', 'hers')).id]) {
    assert.equal(await open(bob, { delegation: foreign }, 403), 'task.not_yours')
  }
  const before = (await ids(bob)).length
  const task = await open(bob, { delegation: id })
  assert.equal(home.authority.delegations.find(id).task, task)
  assert.equal(await open(bob, { delegation: id }, 403), 'task.wider')
  assert.equal((await ids(bob)).length, before + 1, 'what was refused was not opened')
})

test('INV-4 a join token brings a task for its instance alone, or binds it to one of who asks', async () => {
  const join = (body: object, status = 200, agent = 'hers') =>
    home.read('POST', `/v1/agents/${agent}/join-tokens`, { body }, status)
  const mine = await open(home.ada, { agent: 'hers' })
  assert.equal((await join({ task: mine }))['task'], mine)
  const made = String((await join({ task: { intent: 'one thing', allow: ALLOW } }))['task'])
  assert.equal(home.authority.tasks.find(made).bound, true)
  assert.equal((await join({ task: made }, 404))['code'], 'task.unknown', 'it serves another')
  const eves = await open(home.ada, { agent: 'hers', on_behalf_of: 'eve' })
  assert.equal((await join({ task: eves }, 404))['code'], 'task.unknown')
  assert.equal((await join({ task: mine }, 404, 'bot'))['code'], 'task.unknown')
  await join({ task: mine, unattended: true }, 400)
  assert.equal((await join({}))['task'], null)
  const before = home.authority.tasks.list().length
  const draft = { intent: 'of which nothing comes', allow: ALLOW }
  await join({ task: draft, scope: ['*'], depth: 4, replaces: 'x' }, 400)
  assert.equal(home.authority.tasks.list().length, before)
})
