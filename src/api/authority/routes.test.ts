// Holds tests of the routes of the authority's keys: who may use them, what they answer, what they record.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ControlHome, type FakeOperator } from '../../../test/fakes/control.ts'
import { shownEntries } from '../audit/entry.ts'

let home: ControlHome
let viewer: FakeOperator
let operator: FakeOperator

before(async () => {
  home = await ControlHome.open()
  viewer = await home.person('vera', ['viewer'])
  operator = await home.person('otto', ['operator'])
})

after(() => home.close())

interface Shown {
  readonly active: string
  readonly serving: string
  readonly sequence: number
  readonly token_key: string
  readonly roots: readonly { readonly fingerprint: string; readonly state: string }[]
}

const show = async (as = viewer) =>
  (await home.read('GET', '/v1/authority', { as })) as unknown as Shown

test('INV-9 anybody who is a person may look; only administrators rotate and rekey, and they say why', async () => {
  const shown = await show()
  assert.equal(shown.active, home.roots.active.fingerprint)
  assert.deepEqual(
    shown.roots.map(({ state }) => state),
    ['active'],
  )
  const body = { reason: 'x', compromised: 'roots' }
  for (const as of [viewer, operator]) {
    for (const path of ['/v1/authority/rotate', '/v1/authority/rekey']) {
      await home.read('POST', path, { as, body }, 403)
    }
  }
  for (const bad of [
    {},
    { reason: '' },
    { reason: 'x', compromised: 'log' },
    { ...body, more: 1 },
  ]) {
    await home.read('POST', '/v1/authority/rekey', { body: bad }, 400)
  }
  for (const bad of [{}, { reason: 'x', now: 'yes' }, { reason: 'x', person: 'me' }]) {
    await home.read('POST', '/v1/authority/rotate', { body: bad }, 400)
  }
  await home.read('GET', '/v1/authority', { authorization: null }, 401)
  assert.deepEqual(await show(), shown, 'nothing has changed')
})

test('rotating publishes a root, and with `now` signs with it; both say so', async () => {
  const before = await show()
  const first = await home.read('POST', '/v1/authority/rotate', { body: { reason: 'yearly' } })
  assert.equal(first['state'], 'prepared')
  assert.equal((await show()).active, before.active)
  const body = { reason: 'at once', now: true }
  const second = await home.read('POST', '/v1/authority/rotate', { body })
  assert.deepEqual([second['state'], second['fingerprint']], ['active', first['fingerprint']])
  const after = await show()
  assert.equal(after.active, first['fingerprint'])
  assert.equal(after.serving, before.active)
  assert.deepEqual(
    after.roots.map(({ state }) => state),
    ['active', 'retired'],
  )
  const [record] = await home.audit.tail({ type: 'authority.root_activated', limit: 1 })
  const [shown] = await shownEntries(home.authority, [record!])
  assert.deepEqual([shown?.record.person, shown?.record.body['reason']], [home.ada.id, 'at once'])
})

test('rekeying answers what is in force, and no key is ever shown', async () => {
  const before = await show()
  const path = '/v1/authority/rekey'
  const roots = await home.read('POST', path, { body: { reason: 'out', compromised: 'roots' } })
  assert.deepEqual([roots['distrusted'], roots['instances_ended']], [2, 0])
  const tokens = await home.read('POST', path, { body: { reason: 'out', compromised: 'tokens' } })
  const after = await show()
  assert.equal(after.active, roots['fresh'])
  assert.equal(after.token_key, tokens['fresh'])
  assert.ok(after.sequence >= before.sequence + 2)
  assert.deepEqual(
    after.roots.map(({ state }) => state),
    ['active', 'distrusted', 'distrusted'],
  )
  assert.ok(!JSON.stringify(after).includes('PRIVATE'))
})

test('every other administrator is told of keys that were changed, and nobody else', async () => {
  const grace = await home.person('grace', ['administrator'])
  await home.read('POST', '/v1/authority/rotate', { body: { reason: 'half a year' } })
  const answer = await home.read('GET', '/v1/governance/changes?limit=1', { as: grace })
  const [change] = answer['changes'] as Record<string, unknown>[]
  assert.deepEqual(
    [change?.['kind'], change?.['how'], change?.['proposed_by'], change?.['unseen']],
    ['keys', 'urgent', 'ada', true],
  )
  const unseen = async (as: FakeOperator) =>
    (await home.read('GET', '/v1/whoami', { as }))['unseen_changes']
  assert.ok(Number(await unseen(grace)) > 0)
  assert.deepEqual([await unseen(home.ada), await unseen(operator)], [0, 0])
  const until = String(change?.['ended_at'])
  await home.read('POST', '/v1/governance/seen', { as: grace, body: { until } })
  assert.equal(await unseen(grace), 0)
})
