// Holds tests of the routes of attestation over real TLS: what each answer is, and that nothing but evidence opens them.

import assert from 'node:assert/strict'
import { sign, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { Agent, request } from 'undici'
import { Attesting } from '../../../test/fakes/attestation.ts'
import { Fleet } from '../../../test/fakes/fleet.ts'
import { fakeRequest, p256 } from '../../../test/fakes/identity.ts'
import { FakeIssuer } from '../../../test/fakes/issuer.ts'
import { base64url } from '../../std/bytes.ts'
import { challengeInput } from '../../wire/attest.ts'
import type { Observation } from '../../wire/observation.ts'
import type { Json, JsonObject } from '../../std/json.ts'
import { identityListener, type IdentityListener } from './listener.ts'

const TLS = { rejectUnauthorized: false, servername: 'bailiwick.localhost' } as const
const OPEN = new Agent({ connect: TLS })
const SHOP = 'oidc:repository:acme/shop'

let at: Attesting
let issuer: FakeIssuer
let fleet: Fleet
let listener: IdentityListener
let url: string
const refused: string[] = []
const seen: Observation[] = []

before(async () => {
  at = await Attesting.open()
  issuer = await FakeIssuer.open()
  fleet = new Fleet()
  const { authority, clock, identities, roots, timer } = at.home
  const ci = { name: 'ci', kind: 'attest-oidc', issuer: issuer.url, audience: 'bailiwick' } as const
  await authority.trust.add(ci, at.by)
  const certificates = fleet.root.certificate
  await authority.trust.add({ name: 'fleet', kind: 'attest-x509', certificates }, at.by)
  await at.register([SHOP])
  await at.register(['x509pop:subject:cn:build'], 'fleet')
  listener = identityListener({
    identities,
    roots,
    clock,
    timer,
    attestors: at.attestors,
    observe: (one) => seen.push(one),
    onRefused: (kind) => refused.push(kind),
    onFailure: (error) => refused.push(`failure ${String(error)}`),
  })
  listener.server.listen(0, '127.0.0.1')
  await once(listener.server, 'listening')
  url = `https://127.0.0.1:${(listener.server.address() as AddressInfo).port}`
})

after(async () => {
  await OPEN.close()
  await listener.close()
  await at[Symbol.asyncDispose]()
  await issuer[Symbol.asyncDispose]()
  fleet[Symbol.dispose]()
})

async function ask(path: string, body: Json, dispatcher = OPEN, method = 'POST') {
  const response = await request(`${url}${path}`, {
    dispatcher,
    method: method as 'POST',
    headers: { 'content-type': 'application/json' },
    ...(method === 'POST' && { body: JSON.stringify(body) }),
  })
  const answer = (await response.body.json()) as Record<string, string>
  return { status: response.statusCode, headers: response.headers, answer }
}

/** Status and code of a refusal. */
async function told(path: string, body: Json, dispatcher = OPEN, method = 'POST') {
  const { status, answer } = await ask(path, body, dispatcher, method)
  return [status, answer['code']]
}

async function byToken(claims: Record<string, unknown> = {}): Promise<JsonObject> {
  const token = await issuer.token(at.now, claims)
  return { attestor: 'oidc', source: 'ci', token, csr: fakeRequest(p256()) }
}

test('evidence becomes an identity, and the listener tells who came from where', async () => {
  const first = await byToken({ run: 1 })
  const { status, answer } = await ask('/v1/attest', first)
  assert.equal(status, 200)
  const again = { ...first, csr: fakeRequest(p256()) }
  assert.deepEqual(await told('/v1/attest', again), [401, 'attest.replayed'])
  const live = at.home.identities.live(answer['instance']!)!
  assert.equal(live.spiffeId, answer['spiffe_id'])
  assert.deepEqual(seen.splice(0), [
    { kind: 'enrolled', at: at.now, agent: 'builder', instance: live.id, place: '127.0.0.1' },
  ])
  const { certificate, key } = fleet.issue('/CN=build')
  const asked = { attestor: 'x509pop', source: 'fleet', csr: fakeRequest(p256()) } as const
  const { challenge } = (await ask('/v1/attest/challenge', asked)).answer
  const signature = base64url(sign('sha256', challengeInput(challenge!, asked.csr), key))
  const shown = { ...asked, certificates: certificate, challenge: challenge!, signature }
  const machine = await ask('/v1/attest', shown)
  assert.equal(machine.status, 200)
  // The fleet vouches for it no longer.
  const { validToDate } = new X509Certificate(certificate)
  assert.equal(machine.answer['life_ends'], validToDate.toISOString())
  // A challenge is for one request: shown again, it comes with a key that has a certificate already.
  assert.deepEqual(await told('/v1/attest', shown), [409, 'identity.key_reused'])
  assert.equal(seen.splice(0).length, 1)
})

test('INV-10 every other request is answered with its code, told to nobody but the counter, and makes nobody', async () => {
  const before = at.home.identities.list().length
  const good = await byToken({ run: 2 })
  const csr = fakeRequest(p256())
  refused.splice(0)
  for (const [body, status, code] of [
    [{ ...good, token: 'a.b.c' }, 401, 'attest.evidence'],
    [{ ...good, source: 'nobody' }, 401, 'attest.evidence'],
    [{ ...good, source: '../ci' }, 401, 'attest.evidence'],
    [{ ...good, source: 'constructor' }, 401, 'attest.evidence'],
    [{ ...good, source: 'fleet' }, 401, 'attest.evidence'],
    [await byToken({ repository: 'acme/other' }), 403, 'attest.unregistered'],
    [{ ...good, csr: 'no request' }, 400, 'identity.csr_malformed'],
    [{ ...good, csr: `${csr}${csr}` }, 400, 'identity.csr_malformed'],
    [{ ...good, composition: { soul: 'x' } }, 400, 'attest.composition'],
    [{ ...good, agent: 'builder' }, 400, 'identity.request'],
    [{ ...good, attestor: 'join_token' }, 400, 'identity.request'],
    [{ ...good, attestor: 'unix' }, 400, 'identity.request'],
    [[good], 400, 'identity.request'],
    [{ ...good, token: 'x'.repeat(70_000) }, 413, 'identity.body_size'],
    [{ ...good, token: 'x'.repeat(20_000) }, 401, 'attest.evidence'],
  ] as [Json, number, string][]) {
    assert.deepEqual(await told('/v1/attest', body), [status, code], code)
  }
  assert.deepEqual(await told('/v1/attest/challenge', { ...good }), [400, 'identity.request'])
  const wrong = await ask('/v1/attest', null, OPEN, 'GET')
  assert.deepEqual([wrong.status, wrong.headers['allow']], [405, 'POST'])
  assert.equal(refused.length, 17)
  assert.ok(!refused.some((one) => one.startsWith('failure')), refused.join(', '))
  assert.equal(seen.length, 0)
  assert.equal(at.home.identities.list().length, before)
  // None of it has used the token up.
  assert.equal((await ask('/v1/attest', good)).status, 200)
  seen.splice(0)
})

test('INV-9 an identity that somebody has opens nothing here: each is by evidence, and none is widened', async () => {
  const key = p256()
  const first = await ask('/v1/attest', { ...(await byToken({ run: 3 })), csr: fakeRequest(key) })
  const credential = {
    key: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: first.answer['certificates']!,
  }
  const known = new Agent({ connect: { ...TLS, ...credential } })
  const other = await byToken({ repository: 'acme/other', run: 4 })
  assert.deepEqual(await told('/v1/attest', other, known), [403, 'attest.unregistered'])
  const { instance } = first.answer
  const beside = await ask(
    '/v1/attest',
    { ...(await byToken({ run: 5 })), replaces: instance! },
    known,
  )
  assert.equal(beside.status, 200)
  assert.notEqual(beside.answer['instance'], instance)
  // One that lives is nobody's past.
  assert.equal(at.home.identities.live(beside.answer['instance']!)?.replaces, undefined)
  assert.ok(at.home.identities.live(instance!))
  await known.close()
})
