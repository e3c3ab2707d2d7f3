// Holds attacks on attestation: evidence that is replayed, forged, meant for somebody else, or made to look like another's.

import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { afterEach, beforeEach, test } from 'node:test'
import { exportSPKI, importJWK } from 'jose'
import { base64url, utf8 } from '../../src/std/bytes.ts'
import { Attesting } from '../fakes/attestation.ts'
import { Fleet } from '../fakes/fleet.ts'
import { fakeRequest, p256 } from '../fakes/identity.ts'
import { FakeIssuer } from '../fakes/issuer.ts'

const EVIDENCE = { code: 'attest.evidence' }
const SHOP = 'oidc:repository:acme/shop'
const MINUTE = 60_000

let at: Attesting
let issuer: FakeIssuer
let fleet: Fleet

beforeEach(async () => {
  at = await Attesting.open()
  issuer = await FakeIssuer.open(['ES256', 'RS256'])
  fleet = new Fleet()
  const { trust } = at.home.authority
  const ci = { name: 'ci', kind: 'attest-oidc', issuer: issuer.url, audience: 'bailiwick' } as const
  await trust.add(ci, at.by)
  const certificates = fleet.root.certificate
  await trust.add({ name: 'fleet', kind: 'attest-x509', certificates }, at.by)
})

afterEach(async () => {
  await at[Symbol.asyncDispose]()
  await issuer[Symbol.asyncDispose]()
  fleet[Symbol.dispose]()
})

function live(): number {
  return at.home.identities.list().length
}

test('INV-8 a token enrols once: not twice, not at once, not under another signature, not after a failure that used it', async () => {
  await at.register([SHOP])
  const token = await issuer.token(at.now)
  const answers = await Promise.allSettled(Array.from({ length: 20 }, () => at.byToken(token)))
  assert.equal(answers.filter(({ status }) => status === 'fulfilled').length, 1)
  for (const answer of answers) {
    if (answer.status === 'rejected') assert.equal(answer.reason.code, 'attest.replayed')
  }
  // ES256: (r, n - s) signs the same.
  const [head, body, tail] = token.split('.') as [string, string, string]
  await assert.rejects(at.byToken(`${head}.${body}.${mirrored(tail)}`), { code: 'attest.replayed' })
  assert.equal(live(), 1)
})

test('RFC 7519 §4.1 a token that is not for us, not of the issuer, or not of now is nobody', async () => {
  await at.register([SHOP])
  const now = at.now
  const seconds = Math.floor(now / 1000)
  const other = await FakeIssuer.open()
  await using _closing = other
  const wrong: [why: string, claims: Record<string, unknown>][] = [
    ['another audience', { aud: 'vault' }],
    ['no audience', { aud: undefined }],
    ['another audience too', { aud: ['bailiwick', 'vault'] }],
    ['an audience that is longer', { aud: 'bailiwick.example' }],
    ['another issuer', { iss: other.url }],
    ['a slash more', { iss: `${issuer.url}/` }],
    ['ended', { iat: seconds - 600, exp: seconds - 31 }],
    ['not yet', { nbf: seconds + 31 }],
    ['made in the future', { iat: seconds + 31 }],
    ['for ever', { exp: undefined }],
    ['for a year', { exp: seconds + 31_536_000 }],
    ['of no time', { iat: undefined }],
    ['of nobody', { sub: undefined }],
  ]
  for (const [why, claims] of wrong) {
    await assert.rejects(at.byToken(await issuer.token(now, claims)), EVIDENCE, why)
  }
  // Signed by somebody whom we do not trust, in the name of whom we do.
  await assert.rejects(at.byToken(await other.token(now, { iss: issuer.url })), EVIDENCE)
  await assert.rejects(at.byToken(await issuer.token(now), {}, 'fleet'), EVIDENCE)
  await assert.rejects(at.byToken(await issuer.token(now), {}, 'nobody'), EVIDENCE)
  assert.equal(other.asked.length, 0, 'nobody has us ask where they like')
  assert.equal(live(), 0)
  // The array of one that Kubernetes writes, and clocks that differ a little, are as good.
  await at.byToken(await issuer.token(now, { aud: ['bailiwick'] }))
  await at.byToken(await issuer.token(now + 29_000, { run: 2 }))
  assert.equal(live(), 2)
})

test('RFC 8725 §3.1 no algorithm but that of the key: none, HS256 with the public key, keys in the header', async () => {
  await at.register([SHOP])
  const good = await issuer.token(at.now)
  const payload = good.split('.')[1]!
  const spki = await exportSPKI((await importJWK(issuer.keys[1]!.jwk, 'RS256')) as CryptoKey)
  const thief = await FakeIssuer.open()
  await using _closing = thief
  const forged = [
    `${part({ alg: 'none' })}.${payload}.`,
    `${part({ alg: 'None', kid: 'key-1' })}.${payload}.`,
    hs256({ alg: 'HS256', kid: 'key-2' }, payload, spki),
    hs256({ alg: 'HS256', kid: 'key-1' }, payload, JSON.stringify(issuer.keys[0]!.jwk)),
    await thief.token(at.now, { iss: issuer.url }, { jwk: thief.keys[0]!.jwk }),
    await thief.token(at.now, { iss: issuer.url }, { jku: `${thief.url}/keys` }),
    await thief.token(at.now, { iss: issuer.url }, { kid: `../../${thief.url}/keys` }),
    await issuer.token(at.now, {}, { typ: 'logout+jwt' }),
    await issuer.token(at.now, {}, { typ: 'dpop+jwt' }),
    `${good.slice(0, -4)}AAAA`,
    `${good}.${payload}`,
    'x'.repeat(20_000),
    '',
  ]
  for (const token of forged) await assert.rejects(at.byToken(token), EVIDENCE)
  assert.equal(thief.asked.length, 0)
  assert.equal(live(), 0)
})

test('every algorithm that is taken is taken, each with the key that is made for it', async () => {
  await at.register([SHOP])
  for (const [run, alg] of ['RS256', 'PS256', 'ES256', 'EdDSA'].entries()) {
    at.home.clock.advance(31_000)
    const key = await issuer.addKey(alg, `of-${alg}`)
    await at.byToken(await issuer.token(at.now, { run }, {}, key))
  }
  assert.equal(live(), 4)
  for (const alg of ['ES384', 'RS512', 'PS384']) {
    at.home.clock.advance(31_000)
    const key = await issuer.addKey(alg, `of-${alg}`)
    await assert.rejects(at.byToken(await issuer.token(at.now, {}, {}, key)), EVIDENCE)
  }
})

test('keys that nobody has cost the issuer one question in half a minute, and a new key is found', async () => {
  await at.register([SHOP])
  await at.byToken(await issuer.token(at.now, { run: 0 }))
  const asked = issuer.asked.length
  at.home.clock.advance(31_000)
  const flood = Array.from({ length: 50 }, async (_, run) => {
    const token = await issuer.token(at.now, { run }, { kid: `key-${run}-of-nobody` })
    await assert.rejects(at.byToken(token), EVIDENCE)
  })
  await Promise.all(flood)
  assert.equal(issuer.asked.length - asked, 2, 'discovery and keys, once')
  const rotated = await issuer.addKey('ES256', 'rotated')
  const early = await issuer.token(at.now, {}, {}, rotated)
  await assert.rejects(at.byToken(early), EVIDENCE)
  at.home.clock.advance(31_000)
  await at.byToken(await issuer.token(at.now, {}, {}, rotated))
  // An issuer that is away is asked as rarely, and the keys that were good go on.
  issuer.up = false
  at.home.clock.advance(11 * MINUTE)
  const before = issuer.asked.length
  for (const run of [1, 2, 3]) await at.byToken(await issuer.token(at.now, { run }))
  assert.equal(issuer.asked.length - before, 1)
})

test('OpenID Connect Discovery §4.3 metadata of another issuer gives no keys, nor do metadata that send us elsewhere', async () => {
  await at.register([SHOP])
  for (const discovery of [
    { issuer: 'https://accounts.example' },
    { jwks_uri: 'file:///etc/passwd' },
    { jwks_uri: 'http://169.254.169.254/latest/meta-data' },
    { jwks_uri: 7 },
    { jwks_uri: `${issuer.url}/nowhere` },
  ]) {
    issuer.discovery = discovery
    at.home.clock.advance(3_000)
    await assert.rejects(at.byToken(await issuer.token(at.now)), { code: 'trust.unreachable' })
  }
  const { trust } = at.home.authority
  for (const url of [
    'http://accounts.example',
    'http://169.254.169.254',
    'https://me@accounts.example',
    'https://accounts.example/?a',
    'https://accounts.example/#a',
    'ftp://accounts.example',
    'accounts.example',
  ]) {
    const source = { name: 'other', kind: 'attest-oidc', issuer: url, audience: 'b' } as const
    await assert.rejects(trust.add(source, at.by), { code: 'trust.issuer' }, url)
  }
})

test('no claim can pose as another: not by colons, not by dots, not by lists or controls', async () => {
  await at.register(['oidc:kubernetes.io.pod.name:builder-0'])
  await at.register(['oidc:sub:system:serviceaccount:ci:builder'])
  const run = async (claims: Record<string, unknown>) =>
    at.byToken(await issuer.token(at.now, { sub: 'x', ...claims }))
  for (const claims of [
    { 'kubernetes.io.pod.name:builder-0': 'x' },
    { 'kubernetes.io': { 'pod.name': 'builder-0', pod: { name: 'web-0' } } },
    { 'kubernetes.io.pod.name': 'builder-0', 'kubernetes.io': { pod: { name: 'web-0' } } },
    { kubernetes: { 'io.pod.name': 'builder-0' }, 'kubernetes.io': { pod: { name: 'web-0' } } },
    { 'kubernetes.io': [{ pod: { name: 'builder-0' } }] },
    { 'kubernetes.io': { pod: { name: 'builder-0\n' } } },
    { sub: 'system:serviceaccount:ci:builder2' },
    { 'sub:system': 'serviceaccount:ci:builder' },
    { oidc: { sub: 'system:serviceaccount:ci:builder' } },
  ]) {
    await assert.rejects(run(claims), { code: 'attest.unregistered' }, JSON.stringify(claims))
  }
  await run({ 'kubernetes.io': { namespace: 'ci', pod: { name: 'builder-0' } } })
  await run({ sub: 'system:serviceaccount:ci:builder' })
  assert.equal(live(), 2)
})

test('a registration that any workload of the source satisfies, or that names what no evidence has, is refused', async () => {
  for (const selectors of [
    ['oidc:iss:https://issuer.example'],
    ['oidc:aud:bailiwick', 'oidc:iss:x'],
    [],
    ['repository:acme/shop'],
    ['oidc:repository'],
    ['oidc:repository:'],
    ['oidc:repository:acme\n/shop'],
    ['x509pop:subject:cn:builder'],
  ]) {
    const what = { agent: 'builder', attestor: 'oidc', source: 'ci', selectors } as const
    const { registrations } = at.home.identities
    await assert.rejects(registrations.register(what, at.home.ada.id), { code: 'attest.selectors' })
  }
  await assert.rejects(at.register([`x509pop:ca:fingerprint:${'0'.repeat(64)}`], 'fleet'), {
    code: 'attest.selectors',
  })
  await assert.rejects(at.register([SHOP], 'fleet'), { code: 'attest.source' })
  await assert.rejects(at.register([SHOP], 'nobody'), { code: 'attest.source' })
  await assert.rejects(at.register([SHOP], 'ci', 'builder', { composition: { soul: 'sub' } }), {
    code: 'attest.composition',
  })
})

test('INV-4 nobody is registered to act for somebody else, and two agents are never one workload', async () => {
  const grace = await at.home.person('grace', ['operator'])
  const { identities } = at.home
  const what = { agent: 'builder', attestor: 'oidc', source: 'ci', selectors: [SHOP] } as const
  await assert.rejects(
    identities.registrations.register({ ...what, person: grace.id }, at.by.person),
    {
      code: 'identity.not_yours_to_delegate',
    },
  )
  await at.agent('other')
  const first = await at.register([SHOP])
  await at.register([SHOP, 'oidc:ref:refs/heads/main'], 'ci', 'other')
  const token = await issuer.token(at.now)
  await assert.rejects(at.byToken(token), { code: 'attest.ambiguous' })
  const wider = { scope: ['mail/*'] }
  await identities.registrations.remove(first.id, at.by)
  const last = await at.register([SHOP], 'ci', 'other', wider)
  await assert.rejects(at.byToken(token), { code: 'attest.ambiguous' })
  // Nothing was used up on the way.
  await identities.registrations.remove(last.id, at.by)
  assert.match((await at.byToken(token)).spiffe_id, /\/agent\/other\//)
})

test('a request that asks for names is refused whatever it is shown with', async () => {
  await at.register([SHOP])
  const { checkRequest } = await import('../../src/authority/identity/csr.ts')
  const { sequence, utf8String, oid, set } = await import('../../src/std/der.ts')
  const subject = sequence(set(sequence(oid('2.5.4.3'), utf8String('admin'))))
  assert.throws(() => checkRequest(fakeRequest(p256(), { subject })), {
    code: 'identity.csr_names',
  })
})

test('INV-5 distrusting a source, or removing a registration, ends whoever came by it, and nobody comes again', async () => {
  const registration = await at.register([SHOP])
  const first = await at.byToken(await issuer.token(at.now, { run: 1 }))
  const { identities, authority } = at.home
  await identities.registrations.remove(registration.id, at.by)
  assert.equal(identities.live(first.instance), undefined)
  await assert.rejects(at.byToken(await issuer.token(at.now, { run: 2 })), {
    code: 'attest.unregistered',
  })
  await at.register([SHOP])
  await authority.trust.remove('ci', at.by)
  await assert.rejects(at.byToken(await issuer.token(at.now, { run: 3 })), EVIDENCE)
  // Whoever is trusted by that name next is not whom the registration was made for.
  at.home.clock.advance(1)
  const ci = { name: 'ci', kind: 'attest-oidc', issuer: issuer.url, audience: 'bailiwick' } as const
  await authority.trust.add(ci, at.by)
  await assert.rejects(at.byToken(await issuer.token(at.now, { run: 4 })), {
    code: 'attest.unregistered',
  })
})

function part(value: Readonly<Record<string, unknown>>): string {
  return base64url(utf8(JSON.stringify(value)))
}

function hs256(header: Readonly<Record<string, unknown>>, payload: string, key: string): string {
  const signed = `${part(header)}.${payload}`
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`
}

/** The other signature that ECDSA has for the same: n - s in place of s. */
function mirrored(signature: string): string {
  const bytes = Buffer.from(signature, 'base64url')
  const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
  const s = BigInt(`0x${bytes.subarray(32).toString('hex')}`)
  const other = (n - s).toString(16).padStart(64, '0')
  return Buffer.concat([bytes.subarray(0, 32), Buffer.from(other, 'hex')]).toString('base64url')
}
