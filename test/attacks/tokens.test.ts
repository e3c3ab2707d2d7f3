// Holds the attacks on tokens and on the authorization server: what is forged, stolen, replayed, widened, or too large.

import assert from 'node:assert/strict'
import { createHmac, createPublicKey, generateKeyPairSync, randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { exportJWK, SignJWT, type JWTHeaderParameters } from 'jose'
import * as DPoP from 'dpop'
import { OAUTH_ROUTES, ROUTES } from '../../src/api/identity/routes.ts'
import { base64url, utf8 } from '../../src/std/bytes.ts'
import { DpopChecks } from '../../src/wire/dpop-checks.ts'
import { writeJws } from '../../src/wire/jwt.ts'
import { faultOf } from '../fakes/authority.ts'
import { MCP, openOAuth, webKeys, type OAuthBench, type TestClient } from '../fakes/oauth.ts'

const TOKEN = '/oauth/token'
const CC = { grant_type: 'client_credentials' }
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'

const part = (value: unknown): string => base64url(utf8(JSON.stringify(value)))

/** Header and payload of a token, to be tampered with. */
function opened(text: string): [Record<string, unknown>, Record<string, unknown>, string] {
  const [head = '', body = '', tail = ''] = text.split('.')
  const json = (one: string) =>
    JSON.parse(Buffer.from(one, 'base64url').toString()) as Record<string, unknown>
  return [json(head), json(body), tail]
}

async function own(bench: OAuthBench, client: TestClient, more: Record<string, string> = {}) {
  const { body } = await bench.post(TOKEN, { ...CC, ...more }, client.mtls)
  return String(body['access_token'])
}

function exchange(
  bench: OAuthBench,
  client: TestClient,
  subject: string,
  more: Record<string, string> = {},
) {
  const form = {
    grant_type: EXCHANGE,
    subject_token: subject,
    subject_token_type: ACCESS_TOKEN,
    ...more,
  }
  return bench.post(TOKEN, form, client.mtls)
}

function codeOf(found: ReturnType<OAuthBench['check']>): string {
  return 'refused' in found ? found.code : 'good'
}

test('INV-8 no trick with alg, kid, jku, x5u or jwk makes a token that is taken', async () => {
  await using bench = await openOAuth()
  const one = await bench.enrol()
  const good = await own(bench, one)
  const shown = { certificate: one.fingerprint }
  assert.equal(codeOf(bench.check(good, shown)), 'good')
  // So that the signature is looked at for every one of them, as after a restart.
  const [head, body, tail] = opened(good)
  const attacker = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = await exportJWK(attacker.publicKey)
  const sign = (header: JWTHeaderParameters) =>
    new SignJWT(body).setProtectedHeader(header).sign(attacker.privateKey)
  const spki = createPublicKey({
    key: Buffer.from(bench.tokenKey.publicKey),
    format: 'der',
    type: 'spki',
  }).export({ type: 'spki', format: 'pem' })
  const hmacHead = part({ ...head, alg: 'HS256' })
  const mac = createHmac('sha256', spki)
    .update(`${hmacHead}.${part(body)}`)
    .digest('base64url')
  const header = { alg: 'ES256', typ: 'at+jwt', kid: bench.tokenKey.keyId }
  const forged = [
    `${part({ ...head, alg: 'none' })}.${part(body)}.`,
    `${part({ ...head, alg: 'none' })}.${part(body)}.${tail}`,
    `${part({ ...head, alg: 'nOnE' })}.${part(body)}.${tail}`,
    `${hmacHead}.${part(body)}.${mac}`,
    await sign(header),
    await sign({ ...header, jwk }),
    await sign({ ...header, jku: 'https://attacker.example/jwks' }),
    await sign({ ...header, x5u: 'https://attacker.example/x5u' }),
    await sign({ ...header, kid: '../../../dev/null' }),
    await sign({ ...header, kid: "' or 1=1 --" }),
    await sign({ alg: 'ES256', typ: 'at+jwt' }),
    await sign({ ...header, typ: 'JWT' }),
    `${part({ ...head, crit: ['x'], x: 1 })}.${part(body)}.${tail}`,
    good.toUpperCase(),
    `${good}.`,
    `${good} `,
    '',
    '..',
    'a'.repeat(100_000),
  ]
  for (const text of forged) {
    assert.equal(codeOf(bench.check(text, shown)), 'token.unknown', text.slice(0, 60))
  }
})

test('INV-8 a token that our key signed and that was never recorded is worth nothing', async () => {
  await using bench = await openOAuth()
  const one = await bench.enrol()
  const [head, body] = opened(await own(bench, one))
  const made = writeJws(head as never, { ...body, jti: randomUUID() } as never, (bytes) =>
    bench.tokenKey.sign(bytes),
  )
  assert.equal(codeOf(bench.check(made, { certificate: one.fingerprint })), 'token.unknown')
})

test('INV-4 whatever a text claims, only our own record of it counts', async () => {
  await using bench = await openOAuth()
  const one = await bench.enrol()
  const good = await own(bench, one, { scope: 'fs/read', resource: `${MCP}/fs` })
  const [head, body] = opened(good)
  // The worst case: whoever has our key changes what it says and keeps the jti.
  const claims = { ...body, aud: MCP, scope: '*', sub: 'per_0', act: { sub: 'somebody' }, exp: 9e9 }
  const text = writeJws(head as never, claims as never, (bytes) => bench.tokenKey.sign(bytes))
  const found = bench.check(text, { certificate: one.fingerprint, resource: `${MCP}/fs` })
  assert.ok('id' in found)
  assert.deepEqual(found.scope, ['fs/read'])
  assert.equal(codeOf(bench.check(text, { certificate: one.fingerprint })), 'token.audience')
  const wide = await exchange(bench, one, text, { scope: '*' })
  assert.equal(wide.body['error'], 'invalid_scope')
})

test('INV-4 act in a token is never read: forged and reordered chains change nothing', async () => {
  await using bench = await openOAuth()
  const one = await bench.enrol({ agent: 'planner' })
  const two = await bench.enrol({ agent: 'worker' })
  bench.delegate(one)
  const subject = await own(bench, one)
  const { body } = await exchange(bench, one, subject, { audience: two.holder.spiffeId })
  const [head, claims] = opened(String(body['access_token']))
  const three = await bench.enrol({ agent: 'helper' })
  for (const change of [
    { may_act: { sub: three.holder.spiffeId } },
    { act: { sub: three.holder.spiffeId, act: claims['act'] } },
    { act: undefined },
  ]) {
    const [, , tail] = opened(String(body['access_token']))
    const unsigned = `${part(head)}.${part({ ...claims, ...change })}.${tail}`
    assert.equal((await exchange(bench, three, unsigned)).status, 400)
    const signed = writeJws(head as never, { ...claims, ...change } as never, (bytes) =>
      bench.tokenKey.sign(bytes),
    )
    assert.equal((await exchange(bench, three, signed)).status, 400, 'may_act of the record gates')
  }
})

test('INV-8 a stolen token is worth nothing without its key: at the gateway and in an exchange', async () => {
  await using bench = await openOAuth()
  const one = await bench.enrol()
  const thief = await bench.enrol()
  const mtls = await own(bench, one)
  assert.equal(codeOf(bench.check(mtls)), 'token.binding')
  assert.equal(codeOf(bench.check(mtls, { certificate: thief.fingerprint })), 'token.binding')
  assert.equal((await exchange(bench, thief, mtls)).body['error'], 'invalid_request')
  const keys = await webKeys()
  const { headers } = await bench.post(TOKEN, CC, one.mtls, {
    dpop: await DPoP.generateProof(keys, `${bench.issuer}${TOKEN}`, 'POST'),
  })
  const nonce = headers.get('dpop-nonce') ?? ''
  const { body } = await bench.post(TOKEN, CC, one.mtls, {
    dpop: await DPoP.generateProof(keys, `${bench.issuer}${TOKEN}`, 'POST', nonce),
  })
  const text = String(body['access_token'])
  const jkt = await DPoP.calculateThumbprint(keys.publicKey)
  const other = await DPoP.calculateThumbprint((await webKeys()).publicKey)
  const dpop = { scheme: 'DPoP', text } as const
  assert.equal(codeOf(bench.check(text, { token: dpop, jkt })), 'good')
  assert.equal(codeOf(bench.check(text, { token: dpop, jkt: other })), 'token.binding')
  assert.equal(codeOf(bench.check(text, { token: dpop })), 'token.binding')
  assert.equal(codeOf(bench.check(text, { jkt })), 'token.binding', 'downgraded to Bearer')
  const certificate = one.fingerprint
  assert.equal(codeOf(bench.check(text, { certificate })), 'token.binding', 'another kind of key')
})

test('INV-8 the certificate of one instance never binds, or authenticates, another', async () => {
  await using bench = await openOAuth()
  const one = await bench.enrol()
  const two = await bench.enrol()
  const now = Math.floor(bench.district.clock.now() / 1000)
  const id = one.holder.spiffeId
  const times = { iat: now, exp: now + 60 }
  const text = await new SignJWT({ jti: 'x', iss: id, sub: id, aud: bench.issuer, ...times })
    .setProtectedHeader({ alg: 'ES256' })
    .sign(one.key)
  const form = {
    ...CC,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: text,
  }
  const { status, body } = await bench.post(TOKEN, form, two.mtls)
  assert.deepEqual([status, body['code']], [400, 'token.binding'])
})

test('INV-8 a DPoP proof of another surface, key, method or time is refused at the endpoint', async () => {
  await using bench = await openOAuth()
  const one = await bench.enrol()
  const keys = await webKeys()
  const url = `${bench.issuer}${TOKEN}`
  const ask = async (dpop: string) => (await bench.post(TOKEN, CC, one.mtls, { dpop })).body['code']
  const { headers } = await bench.post(TOKEN, CC, one.mtls, {
    dpop: await DPoP.generateProof(keys, url, 'POST'),
  })
  const nonce = headers.get('dpop-nonce') ?? ''
  const { clock } = bench.district
  const gateway = new DpopChecks({ key: new Uint8Array(32), clock }).nonces.next()
  assert.equal(await ask(await DPoP.generateProof(keys, url, 'POST', gateway)), 'dpop.nonce')
  assert.equal(await ask(await DPoP.generateProof(keys, url, 'GET', nonce)), 'dpop.other_request')
  assert.equal(await ask(await DPoP.generateProof(keys, MCP, 'POST', nonce)), 'dpop.other_request')
  const jwk = await exportJWK(keys.publicKey)
  const seconds = Math.floor(clock.now() / 1000)
  const proof = (claims: object, header: object = {}) =>
    new SignJWT({ htm: 'POST', htu: url, jti: randomUUID(), iat: seconds, nonce, ...claims })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk, ...header })
      .sign(keys.privateKey)
  assert.equal(await ask(await proof({ iat: seconds - 61 })), 'dpop.time')
  assert.equal(await ask(await proof({ iat: seconds + 61 })), 'dpop.time')
  const whole = await exportJWK(keys.privateKey)
  assert.equal(await ask(await proof({}, { jwk: whole })), 'dpop.malformed')
  const elsewhere = await exportJWK((await webKeys()).publicKey)
  assert.equal(await ask(await proof({}, { jwk: elsewhere })), 'dpop.signature')
  assert.equal(await ask('x'.repeat(9_000)), 'dpop.malformed')
  assert.equal(await ask(await proof({})), undefined)
})

test('INV-9 an exchange never widens scope, resource or life', async () => {
  await using bench = await openOAuth()
  const one = await bench.enrol()
  const subject = await own(bench, one, { scope: 'fs/read mail/*', resource: `${MCP}/fs` })
  for (const scope of ['*', 'fs/*', 'fs/read fs/write', 'mail/* git/push']) {
    assert.equal((await exchange(bench, one, subject, { scope })).body['error'], 'invalid_scope')
  }
  for (const resource of [MCP, `${MCP}/mail`, 'http://127.0.0.1:7401/mcp']) {
    assert.equal(
      (await exchange(bench, one, subject, { resource })).body['error'],
      'invalid_target',
    )
  }
  bench.district.clock.advance(300_000)
  const { body } = await exchange(bench, one, subject)
  assert.equal(body['expires_in'], 300)
  assert.equal(body['scope'], 'fs/read mail/*')
  assert.equal(opened(String(body['access_token']))[1]['aud'], `${MCP}/fs`)
  const again = await exchange(bench, one, String(body['access_token']))
  assert.equal(again.body['expires_in'], 300)
})

test('INV-9 what is handed on is never wider than the token, and opens nothing by itself', async () => {
  await using bench = await openOAuth()
  const one = await bench.enrol({ agent: 'planner' })
  const two = await bench.enrol({ agent: 'worker' })
  bench.delegate(one, { scope: ['fs/*', 'mail/send'] })
  const subject = await own(bench, one, { scope: 'fs/*' })
  const to = { audience: two.holder.spiffeId }
  for (const scope of ['*', 'mail/send']) {
    assert.equal(
      (await exchange(bench, one, subject, { ...to, scope })).body['error'],
      'invalid_scope',
    )
  }
  const { body } = await exchange(bench, one, subject, { ...to, scope: 'fs/read' })
  const text = String(body['access_token'])
  for (const resource of [MCP, bench.issuer, `${bench.issuer}${TOKEN}`]) {
    for (const certificate of [one.fingerprint, two.fingerprint]) {
      assert.equal(codeOf(bench.check(text, { resource, certificate })), 'token.audience')
    }
  }
  for (const scope of ['*', 'fs/*', 'fs/write']) {
    assert.equal((await exchange(bench, two, text, { scope })).body['error'], 'invalid_scope')
  }
  const taken = await exchange(bench, two, text)
  assert.equal(taken.body['scope'], 'fs/read')
  const onward = { audience: 'spiffe://bailiwick.test/agent/planner' }
  assert.equal((await exchange(bench, two, text, onward)).body['error'], 'invalid_target')
})

test('INV-5 ending who handed on, or the delegation, ends what was taken up', async () => {
  await using bench = await openOAuth()
  const one = await bench.enrol({ agent: 'planner' })
  const two = await bench.enrol({ agent: 'worker' })
  const first = bench.delegate(one)
  const take = async () => {
    const subject = await own(bench, one)
    const { body } = await exchange(bench, one, subject, { audience: two.holder.spiffeId })
    const taken = await exchange(bench, two, String(body['access_token']))
    return String(taken.body['access_token'])
  }
  const shown = { certificate: two.fingerprint }
  const a = await take()
  assert.equal(codeOf(bench.check(a, shown)), 'good')
  bench.delegations.held.delete(first.id)
  assert.equal(codeOf(bench.check(a, shown)), 'token.delegation_over')
  bench.delegations.held.set(first.id, first)
  const b = await take()
  bench.holders.end(one.holder.id)
  assert.equal(codeOf(bench.check(b, shown)), 'token.unknown')
})

test('INV-10 forms are read one way: arrays, JSON, other encodings, duplicates, sizes and URLs are refused', async () => {
  await using bench = await openOAuth()
  const one = await bench.enrol()
  const ask = async (body: string, headers: Record<string, string> = {}, path = TOKEN) => {
    const answer = await bench.post(path, body, one.mtls, headers)
    return [answer.status, answer.body['error']]
  }
  const refused = [400, 'invalid_request']
  assert.deepEqual(await ask('grant_type[]=client_credentials'), refused)
  assert.deepEqual(
    await ask('grant_type=client_credentials&grant_type=client_credentials'),
    refused,
  )
  assert.deepEqual(await ask('grant_type=client_credentials&x=&x='), refused)
  assert.deepEqual(await ask('grant_type=client%5Fcredentials&grant%5Ftype=x'), refused)
  const json = { 'content-type': 'application/json' }
  assert.deepEqual(await ask(JSON.stringify(CC), json), refused)
  const multipart = { 'content-type': 'multipart/form-data; boundary=x' }
  assert.deepEqual(await ask('--x--', multipart), refused)
  assert.deepEqual(await ask('grant_type=client_credentials&scope=%zz'), refused)
  assert.deepEqual(await ask('grant_type=client_credentials&scope=%ff'), refused)
  assert.deepEqual(await ask('grant_type=client_credentials&scope=a%00b'), refused)
  assert.deepEqual(await ask('', {}, `${TOKEN}?grant_type=client_credentials`), refused)
  assert.deepEqual(await ask('a=b&'.repeat(65)), refused)
  assert.deepEqual(await ask(`grant_type=client_credentials&x=${'y'.repeat(40_000)}`), refused)
  const long = 'x'.repeat(20_000)
  assert.deepEqual(
    await ask(`grant_type=${EXCHANGE}&subject_token=${long}&subject_token_type=${ACCESS_TOKEN}`),
    refused,
  )
  assert.deepEqual(await ask('grant_type=client_credentials'), [200, undefined])
})

test('INV-8 headers that a proxy might set do nothing', async () => {
  await using bench = await openOAuth()
  const one = await bench.enrol()
  const headers = {
    forwarded: `for=127.0.0.1;host=127.0.0.1;proto=https`,
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-host': 'attacker.example',
    'x-client-cert': Buffer.from(one.fingerprint, 'hex').toString('base64'),
    'x-forwarded-client-cert': `Hash=${one.fingerprint};URI=${one.holder.spiffeId}`,
    'ssl-client-verify': 'SUCCESS',
  }
  const form = { ...CC, client_id: one.holder.spiffeId }
  const { status, body } = await bench.post(TOKEN, form, bench.plain, headers)
  assert.deepEqual([status, body['error']], [401, 'invalid_client'])
  const good = await bench.post(TOKEN, form, one.mtls, headers)
  const [, claims] = opened(String(good.body['access_token']))
  assert.equal(claims['iss'], bench.issuer)
})

test('INV-8 a certificate of another authority is nobody', async () => {
  await using bench = await openOAuth()
  await using other = await openOAuth()
  const one = await other.enrol()
  const { Agent } = await import('undici')
  const { fakeRequest, p256 } = await import('../fakes/identity.ts')
  const key = p256()
  const { token } = await other.district.identities.issueJoinToken({
    agent: 'night-watch',
    by: 'per_0',
  })
  const identity = await other.district.identities.enrol({ token, csr: fakeRequest(key) })
  const foreign = new Agent({
    connect: {
      ca: bench.district.root.pem,
      cert: identity.certificates,
      key: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    },
  })
  const { status, body } = await bench.post(TOKEN, CC, foreign)
  assert.deepEqual([status, body['error']], [401, 'invalid_client'])
  const token2 = await own(other, one)
  assert.equal(codeOf(bench.check(token2, { certificate: one.fingerprint })), 'token.unknown')
  await foreign.close()
})

test('INV-5 replacing the key takes every token away at once', async () => {
  await using bench = await openOAuth()
  const one = await bench.enrol()
  const text = await own(bench, one)
  const shown = { certificate: one.fingerprint }
  assert.equal(codeOf(bench.check(text, shown)), 'good')
  await bench.tokenKey.replace()
  assert.equal(codeOf(bench.check(text, shown)), 'token.unknown')
  assert.equal(codeOf(bench.check(await own(bench, one), shown)), 'good')
})

test('INV-10 one instance cannot fill the memory of tokens', async () => {
  await using bench = await openOAuth()
  const one = await bench.enrol()
  const many = Array.from({ length: 257 }, () =>
    bench.tokens.issue({
      instance: one.holder.id,
      audience: [MCP],
      binding: { kind: 'dpop', value: 'k' },
    }),
  )
  const refused = (await Promise.allSettled(many)).filter(({ status }) => status === 'rejected')
  assert.equal(refused.length, 1)
  const { status, body } = await bench.post(TOKEN, CC, one.mtls)
  assert.deepEqual([status, body['error']], [429, 'temporarily_unavailable'])
  await assert.rejects(
    bench.tokens.issue({ instance: one.holder.id, audience: [MCP] }),
    faultOf('token.too_many'),
  )
})

test('INV-9 the endpoints that take a credential of an agent are exactly these', () => {
  const taking = Object.entries({ ...ROUTES, ...OAUTH_ROUTES })
    .filter(([, { agent }]) => agent)
    .map(([path]) => path)
  // Each is shown to narrow only: renewing and ending in the tests of identity, the others above.
  assert.deepEqual(taking.sort(), [
    '/oauth/introspect',
    '/oauth/revoke',
    '/oauth/token',
    '/v1/end',
    '/v1/renew',
  ])
})

test('INV-9 asking about a token, or giving it back, gives nothing and takes nothing of others', async () => {
  await using bench = await openOAuth()
  const one = await bench.enrol()
  const two = await bench.enrol()
  const text = await own(bench, one)
  const shown = { certificate: one.fingerprint }
  const { body } = await bench.post('/oauth/introspect', { token: text }, one.mtls)
  assert.equal('access_token' in body, false)
  assert.deepEqual((await bench.post('/oauth/introspect', { token: text }, two.mtls)).body, {
    active: false,
  })
  assert.equal((await bench.post('/oauth/revoke', { token: text }, two.mtls)).status, 400)
  assert.equal((await bench.post('/oauth/revoke', { token: text })).status, 401)
  assert.equal(codeOf(bench.check(text, shown)), 'good')
  assert.deepEqual((await bench.post('/oauth/revoke', { token: text }, one.mtls)).body, {})
  assert.equal(codeOf(bench.check(text, shown)), 'token.unknown')
})
