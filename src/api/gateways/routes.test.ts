// Holds tests of the routes of gateways: who may register one, what is shown once, and who is told of it.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { systemNamed } from '../../../test/fakes/authority.ts'
import { ControlHome, type FakeOperator } from '../../../test/fakes/control.ts'
import { fakeRequest, p256 } from '../../../test/fakes/identity.ts'

let home: ControlHome
let vera: FakeOperator
let otto: FakeOperator
let grace: FakeOperator

const REASON = { reason: 'a second site' }

before(async () => {
  home = await ControlHome.open()
  vera = await home.person('vera', ['viewer'])
  otto = await home.person('otto', ['operator'])
  grace = await home.person('grace', ['administrator'])
  await home.authority.systems.pin(systemNamed('crm'), { person: home.ada.id, ...REASON })
})

after(() => home.close())

const list = async (as = vera) =>
  (await home.read('GET', '/v1/gateways', { as }))['gateways'] as Record<string, unknown>[]

test('INV-9 anybody who is a person may look; only administrators register, invite, change and remove', async () => {
  assert.deepEqual(await list(), [
    { name: 'gateway-1', state: 'in_process', systems: null, hosts: [] },
  ])
  for (const as of [vera, otto]) {
    await home.read('POST', '/v1/gateways', { as, body: { name: 'edge', ...REASON } }, 403)
    for (const verb of ['invite', 'change', 'remove']) {
      await home.read('POST', `/v1/gateways/edge/${verb}`, { as, body: REASON }, 403)
    }
  }
  await home.read('GET', '/v1/gateways', { authorization: null }, 401)
  assert.equal((await list()).length, 1)
})

test('a gateway is registered, invited, changed and removed; its token is in one answer and nowhere else', async () => {
  const body = { name: 'edge', systems: ['crm'], hosts: ['Edge.example.org'], ...REASON }
  const added = await home.read('POST', '/v1/gateways', { body })
  const row = { name: 'edge', state: 'invited', systems: ['crm'], hosts: ['edge.example.org'] }
  assert.deepEqual(
    [added['name'], added['systems'], added['hosts'], added['identity'], added['control']],
    ['edge', ['crm'], ['edge.example.org'], 'https://127.0.0.1:7402', null],
  )
  const again = await home.read('POST', '/v1/gateways/edge/invite', { body: REASON })
  assert.notEqual(again['token'], added['token'])
  assert.deepEqual((await list())[1], row)
  const token = String(again['token'])
  const csr = fakeRequest(p256())
  const issued = await home.authority.gateways.enrol({ token, csr }, home.roots)
  const shown = (await list())[1]
  assert.deepEqual([shown?.['state'], shown?.['certificate_ends']], ['active', issued.not_after])
  const changed = await home.read('POST', '/v1/gateways/edge/change', {
    body: { systems: null, hosts: [], ...REASON },
  })
  assert.deepEqual([changed['systems'], changed['hosts'], changed['state']], [null, [], 'active'])
  const removed = await home.read('POST', '/v1/gateways/edge/remove', { body: REASON })
  assert.equal(removed['state'], 'removed')
  assert.equal((await list()).length, 1)
  const records = await home.audit.tail({ limit: 50 })
  for (const secret of [token, String(added['token'])]) {
    assert.ok(!JSON.stringify([records, shown]).includes(secret.split('.')[1]!))
  }
})

test('every other administrator is told of each of these, since a gateway is handed credentials', async () => {
  const answer = await home.read('GET', '/v1/governance/changes?limit=4', { as: grace })
  const changes = answer['changes'] as Record<string, unknown>[]
  assert.deepEqual(
    changes.map(({ text }) => String(text)).toSorted((a, b) => (a < b ? -1 : 1)),
    [
      'assign the gateway edge every system',
      'let the gateway edge enrol again, for crm',
      'register the gateway edge, for crm',
      'remove the gateway edge',
    ],
  )
  for (const one of changes) {
    assert.deepEqual(
      [one['kind'], one['state'], one['how'], one['proposed_by'], one['unseen']],
      ['gateway', 'applied', 'urgent', 'ada', true],
    )
  }
})

test('INV-10 what cannot be is refused with a code, and nobody is told of it', async () => {
  const told = (await home.read('GET', '/v1/governance/changes'))['changes'] as unknown[]
  const cases: readonly (readonly [string, object, number, string])[] = [
    ['', { name: 'Edge' }, 400, 'api.invalid'],
    ['', { name: 'edge', hosts: ['*.example.org'] }, 400, 'gateway.host'],
    ['', { name: 'edge', hosts: Array(17).fill('a') }, 400, 'api.invalid'],
    ['', { name: 'edge', systems: ['cmr'] }, 404, 'system.unknown'],
    ['', { name: 'edge', more: 1 }, 400, 'api.invalid'],
    ['/egde/change', { hosts: [] }, 404, 'gateway.unknown'],
    ['/egde/invite', {}, 404, 'gateway.unknown'],
    ['/egde/remove', {}, 404, 'gateway.unknown'],
    ['/..%2f/remove', {}, 400, 'api.invalid'],
  ]
  for (const [path, body, status, code] of cases) {
    const ask = { body: { ...body, ...REASON } }
    const answer = await home.read('POST', `/v1/gateways${path}`, ask, status)
    assert.equal(answer['code'], code, `${path} ${JSON.stringify(body)}`)
  }
  await home.read('POST', '/v1/gateways', { body: { name: 'edge', reason: '' } }, 400)
  assert.equal((await list()).length, 1)
  const now = (await home.read('GET', '/v1/governance/changes'))['changes'] as unknown[]
  assert.equal(now.length, told.length)
})
