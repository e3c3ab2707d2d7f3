// Holds tests of the routes of trust sources: administrators alone say whose word counts, and no secret comes back.

import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { ControlHome } from '../../../test/fakes/control.ts'
import { Fleet } from '../../../test/fakes/fleet.ts'

const REASON = 'is tested'

let home: ControlHome

beforeEach(async () => {
  home = await ControlHome.open()
})

afterEach(() => home.close())

test('an administrator adds sources of every kind, lists them and removes one', async () => {
  using fleet = new Fleet()
  const oidc = { kind: 'attest-oidc', name: 'ci', issuer: 'https://ci.example', audience: 'us' }
  const login = {
    kind: 'login',
    name: 'staff',
    issuer: 'https://id.example',
    client_id: 'bailiwick',
    client_secret: 'do-not-tell',
    group_roles: { ops: ['operator'] },
    groups_max_age_s: 3_600,
  }
  const x509 = { kind: 'attest-x509', name: 'fleet', certificates: fleet.root.certificate }
  const signals = {
    kind: 'signals',
    name: 'staff-signals',
    issuer: 'https://id.example',
    audience: 'us',
    login: 'staff',
  }
  for (const body of [oidc, login, x509, signals]) {
    await home.read('POST', '/v1/trust', { body: { ...body, reason: REASON } })
  }
  const { sources } = (await home.read('GET', '/v1/trust')) as {
    sources: Record<string, unknown>[]
  }
  assert.deepEqual(
    sources.map(({ name }) => name),
    ['ci', 'fleet', 'staff', 'staff-signals'],
  )
  const { authorities, created_at: _created, ...staff } = sources[2]!
  assert.deepEqual(authorities, [])
  assert.deepEqual(staff, {
    name: 'staff',
    kind: 'login',
    issuer: 'https://id.example',
    audience: 'bailiwick',
    group_roles: { ops: ['operator'] },
    groups_claim: null,
    groups_max_age_s: 3_600,
    has_secret: true,
    certificates: null,
    login: null,
  })
  assert.match(String((sources[1]!['authorities'] as string[])[0]), /^[0-9a-f]{64}$/)
  assert.ok(!JSON.stringify(sources).includes('do-not-tell'))
  await home.read('POST', '/v1/trust/ci/remove', { body: { reason: REASON } })
  await home.read('POST', '/v1/trust/ci/remove', { body: { reason: REASON } }, 404)
})

test('operators look at them and add none; what is not whole is refused', async () => {
  const operator = await home.person('grace', ['operator'])
  const body = {
    kind: 'attest-oidc',
    name: 'ci',
    issuer: 'https://ci.example',
    audience: 'us',
    reason: REASON,
  }
  await home.read('GET', '/v1/trust', { as: operator })
  await home.read('POST', '/v1/trust', { as: operator, body }, 403)
  await home.read('POST', '/v1/trust', { body }, 200)
  await home.read('POST', '/v1/trust/ci/remove', { as: operator, body: { reason: REASON } }, 403)
  for (const wrong of [
    { ...body, name: 'other', kind: 'attest-saml' },
    { ...body, name: 'other', audience: undefined },
    { ...body, name: 'other', kind: 'signals', login: 'ci' },
    { ...body, name: 'other', client_secret: 'x' },
    { ...body, name: 'other', issuer: 'http://ci.example' },
    { ...body, name: 'other', reason: undefined },
  ]) {
    await home.read('POST', '/v1/trust', { body: wrong }, 400)
  }
})
