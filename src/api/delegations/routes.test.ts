// Holds the tests of the routes of delegations: everybody their own, operators everybody's, and nobody by guessing.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ControlHome, type FakeOperator } from '../../../test/fakes/control.ts'
import type { DelegationTree } from '../../wire/api/delegation.ts'

let home: ControlHome
let bob: FakeOperator
let eve: FakeOperator
let vera: FakeOperator

before(async () => {
  home = await ControlHome.open()
  bob = await home.person('bob', [])
  eve = await home.person('eve', ['approver'])
  vera = await home.person('vera', [])
  await home.authority.agents.register(
    { name: 'bot', owner: 'ada', purpose: 'a test', roles: [], unattended: false },
    { person: home.ada.id },
  )
})

after(() => home.close())

async function delegated(person: string): Promise<string> {
  // Ids sort by the millisecond in which they were made.
  home.clock.advance(1)
  const expiresAt = home.clock.now() + 60_000
  const of = { person, agent: 'bot', scope: ['files/*'], depth: 2, expiresAt }
  return (await home.authority.delegations.create(of)).id
}

async function ids(as: FakeOperator, query = ''): Promise<string[]> {
  const { delegations } = await home.read('GET', `/v1/delegations${query}`, { as })
  return (delegations as { id: string }[]).map(({ id }) => id)
}

test('everybody sees their own, and who may look sees all', async () => {
  const bobs = await delegated('bob')
  const adas = await delegated('ada')
  assert.deepEqual(await ids(bob), [bobs])
  assert.deepEqual(await ids(vera), [])
  assert.deepEqual((await ids(eve)).sort(), [bobs, adas].sort())
  assert.deepEqual(await ids(home.ada, '?mine=true'), [adas])
  assert.deepEqual(await ids(home.ada, '?agent=nobody'), [])
  const first = await home.read('GET', '/v1/delegations?limit=1')
  assert.equal((first['delegations'] as unknown[]).length, 1)
  assert.deepEqual(await ids(home.ada, `?cursor=${String(first['next'])}`), [adas])
})

test('one is shown with what is above and below, to whom it concerns', async () => {
  const id = await delegated('bob')
  const tree = (await home.read('GET', `/v1/delegations/${id}`, {
    as: bob,
  })) as unknown as DelegationTree
  assert.deepEqual(tree.below, [])
  const [link] = tree.chain
  assert.deepEqual(
    [link?.person, link?.agent, link?.scope, link?.depth, link?.holds],
    ['bob', 'bot', ['files/*'], 2, true],
  )
  assert.equal((await home.ask('GET', `/v1/delegations/${id}`, { as: vera })).status, 404)
})

test("a person takes back their own, an operator anybody's, and nobody else any", async () => {
  const one = await delegated('bob')
  const two = await delegated('bob')
  const body = { reason: 'enough' }
  for (const as of [vera, eve]) {
    const refused = await home.ask('POST', `/v1/delegations/${one}/revoke`, { as, body })
    assert.equal(refused.status, 404)
  }
  const answer = await home.read('POST', `/v1/delegations/${one}/revoke`, { as: bob, body })
  assert.deepEqual(answer['revoked'], [one])
  assert.equal(home.authority.delegations.chainOf(one), undefined)
  await home.read('POST', `/v1/delegations/${two}/revoke`, { body })
  await home.read('POST', `/v1/delegations/${two}/revoke`, { body }, 404)
})

test('INV-4 a join token hands over no more than its maker says, and as deep', async () => {
  const make = (body: object, status = 200) =>
    home.read('POST', '/v1/agents/bot/join-tokens', { body }, status)
  await make({ scope: ['mail/*'], depth: 3 })
  const { delegations } = await home.read('GET', '/v1/delegations?mine=true')
  const last = (delegations as { scope: string[]; depth: number }[]).at(-1)
  assert.deepEqual([last?.scope, last?.depth], [['mail/*'], 3])
  for (const body of [
    { scope: [] },
    { scope: ['mail'] },
    { depth: 5 },
    { depth: -1 },
    { unattended: true, scope: ['mail/*'] },
    { unattended: true, depth: 1 },
  ]) {
    await make(body, 400)
  }
})
