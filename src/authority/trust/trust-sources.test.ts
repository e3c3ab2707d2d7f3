// Holds tests of trust sources: what is trusted, what is kept of it, and what is refused.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, test } from 'node:test'
import { AuthorityHome } from '../../../test/fakes/authority.ts'
import { Fleet, MACHINE } from '../../../test/fakes/fleet.ts'
import { systemClock } from '../../std/clock.ts'
import type { Authority } from '../open.ts'
import { getJson } from './get-json.ts'

const BY = { person: 'per_1', reason: 'is tested' }
const CI = {
  name: 'ci',
  kind: 'attest-oidc',
  issuer: 'https://ci.example',
  audience: 'us',
} as const

let home: AuthorityHome
let authority: Authority

beforeEach(async () => {
  home = new AuthorityHome()
  home.clock.setWall(systemClock.now() + 60_000)
  authority = await home.open()
})

afterEach(() => home.dispose())

test('a source is trusted from when it is added until it is removed, over restarts, and each is recorded', async () => {
  const { trust } = authority
  const seen: string[] = []
  trust.onChange(({ name, state }) => seen.push(`${name} ${state}`))
  await trust.add(CI, BY)
  await assert.rejects(trust.add(CI, BY), { code: 'trust.exists' })
  assert.equal(trust.get('ci')?.issuer, 'https://ci.example')
  assert.deepEqual(trust.evidence('ci'), { attestor: 'oidc', createdAt: home.clock.now() })
  authority = await home.reopen()
  assert.deepEqual(
    authority.trust.list().map(({ name }) => name),
    ['ci'],
  )
  await authority.trust.remove('ci', BY)
  await assert.rejects(authority.trust.remove('ci', BY), { code: 'trust.unknown' })
  authority = await home.reopen()
  assert.equal(authority.trust.get('ci'), undefined)
  assert.deepEqual(authority.trust.list(), [])
  assert.deepEqual(seen, ['ci active'])
  const [added, removed] = home.audit.recorded.slice(-2).map(({ draft }) => draft)
  assert.deepEqual([added?.type, removed?.type], ['trust.added', 'trust.removed'])
  assert.deepEqual([added?.body['issuer'], removed?.body['source']], ['https://ci.example', 'ci'])
  // The name is free again, for another source.
  await authority.trust.add({ ...CI, issuer: 'https://other.example' }, BY)
  assert.equal(authority.trust.get('ci')?.issuer, 'https://other.example')
})

test('a client secret is sealed for its source, told to those who sign people in, and written nowhere', async () => {
  const clientSecret = 'do-not-tell'
  const { trust, sessions } = authority
  const login = { ...CI, kind: 'login', name: 'staff', clientSecret } as const
  await trust.add({ ...login, groupRoles: { ops: ['operator'] } }, BY)
  assert.equal(sessions.sources.secretOf('staff'), clientSecret)
  assert.equal(trust.evidence('staff'), undefined, 'who signs people in attests no workload')
  const rows = await home.store.trustSources.all()
  assert.ok(!JSON.stringify([rows, home.audit.recorded]).includes(clientSecret))
  await trust.remove('staff', BY)
  assert.equal(sessions.sources.get('staff'), undefined)
})

test('what cannot be trusted is refused with its code', async () => {
  using fleet = new Fleet()
  const { trust } = authority
  const x509 = { name: 'fleet', kind: 'attest-x509' } as const
  const { certificate: leaf } = fleet.issue('/CN=x', MACHINE)
  const bad = [
    [{ ...CI, name: 'No Name' }, 'name.invalid'],
    [{ ...CI, audience: '' }, 'trust.audience'],
    [{ ...CI, audience: 'a b' }, 'trust.audience'],
    [{ ...CI, audience: 'a'.repeat(513) }, 'trust.audience'],
    [{ ...CI, issuer: 'http://ci.example' }, 'trust.issuer'],
    [{ ...CI, issuer: `https://${'a'.repeat(600)}` }, 'trust.issuer'],
    [{ ...CI, certificates: 'x' }, 'trust.certificates'],
    [x509, 'trust.certificates'],
    [{ ...x509, certificates: leaf }, 'trust.certificates'],
    [{ ...x509, certificates: fleet.root.certificate.repeat(17) }, 'trust.certificates'],
    [{ ...x509, certificates: fleet.root.key }, 'trust.certificates'],
  ] as const
  for (const [what, code] of bad) await assert.rejects(trust.add(what, BY), { code })
  await assert.rejects(trust.add(CI, { ...BY, reason: ' ' }), { code: 'reason.required' })
  home.clock.advance(31 * 86_400_000)
  const ended = { ...x509, certificates: fleet.root.certificate }
  await assert.rejects(trust.add(ended, BY), { code: 'trust.certificates' })
  assert.deepEqual(trust.list(), [])
})

test('INV-13 a row that somebody wrote by hand, or moved back, trusts nobody', async () => {
  await authority.trust.add(CI, BY)
  await authority.trust.remove('ci', BY)
  await home.editByHand(
    `UPDATE trust_sources SET state = 'active', doc = replace(doc, '"removed"', '"active"')`,
  )
  authority = await home.reopen()
  assert.equal(authority.trust.get('ci'), undefined)
})

test('an issuer is asked over TLS that leads to whom the source names, without redirects, within bounds', async () => {
  using fleet = new Fleet()
  const names = ['subjectAltName=IP:127.0.0.1', 'extendedKeyUsage=serverAuth']
  const { certificate: cert, key } = fleet.issue('/CN=issuer', names)
  const answers: Record<string, (response: import('node:http').ServerResponse) => void> = {
    '/good': (response) => response.end('{"issuer":"x"}'),
    '/list': (response) => response.end('[]'),
    '/twice': (response) => response.end('{"a":1,"a":2}'),
    '/away': (response) => response.writeHead(302, { location: '/good' }).end(),
    '/large': (response) => response.end(`{"a":"${'x'.repeat(300_000)}"}`),
  }
  const server = createServer({ cert, key }, (request, response) =>
    answers[request.url!]!(response),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  try {
    const ca = fleet.root.certificate
    assert.deepEqual({ ...(await getJson(`${url}/good`, ca)) }, { issuer: 'x' })
    await assert.rejects(getJson(`${url}/good`), { code: 'trust.unreachable' })
    for (const path of ['/list', '/twice', '/away', '/large']) {
      await assert.rejects(getJson(`${url}${path}`, ca), { code: 'trust.unreachable' }, path)
    }
  } finally {
    server.closeAllConnections()
    server.close()
  }
})
