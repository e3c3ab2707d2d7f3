// Holds the conformance of the token endpoint: one test per MUST of RFC 6749, 8705, 7523, 8707, 9449 and 9068 that we claim.

import assert from 'node:assert/strict'
import { generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto'
import { test } from 'node:test'
import { decodeJwt, decodeProtectedHeader, SignJWT, type JWTPayload } from 'jose'
import * as DPoP from 'dpop'
import { MCP, openOAuth, webKeys, type OAuthBench, type TestClient } from '../fakes/oauth.ts'

const TOKEN = '/oauth/token'
const CC = { grant_type: 'client_credentials' }
const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const JWT_SPIFFE = 'urn:ietf:params:oauth:client-assertion-type:jwt-spiffe'

async function assertion(
  bench: OAuthBench,
  client: TestClient,
  wrong: JWTPayload & { readonly key?: KeyObject; readonly alg?: string } = {},
): Promise<string> {
  const { key = client.key, alg = 'ES256', ...claims } = wrong
  const now = Math.floor(bench.district.clock.now() / 1000)
  const id = client.holder.spiffeId
  const payload = {
    iss: id,
    sub: id,
    aud: bench.issuer,
    iat: now,
    exp: now + 60,
    jti: randomUUID(),
  }
  return new SignJWT({ ...payload, ...claims }).setProtectedHeader({ alg }).sign(key)
}

/** A form that authenticates by an assertion, over a connection without a certificate. */
async function asserted(bench: OAuthBench, text: string, type = JWT_BEARER, more = {}) {
  const keys = await webKeys()
  const proof = await dpop(bench, keys)
  const form = { ...CC, client_assertion_type: type, client_assertion: text, ...more }
  return bench.post(TOKEN, form, bench.plain, { dpop: proof })
}

/** A proof for the token endpoint with the nonce that the server wants. */
async function dpop(bench: OAuthBench, keys: CryptoKeyPair, nonce?: string): Promise<string> {
  return DPoP.generateProof(
    keys,
    `${bench.issuer}${TOKEN}`,
    'POST',
    nonce ?? (await nonceOf(bench)),
  )
}

async function nonceOf(bench: OAuthBench): Promise<string> {
  const keys = await webKeys()
  const proof = await DPoP.generateProof(keys, `${bench.issuer}${TOKEN}`, 'POST')
  const { headers } = await bench.post(TOKEN, CC, bench.plain, { dpop: proof })
  return headers.get('dpop-nonce') ?? ''
}

test('RFC 6749 §5.1 an answer is JSON that nobody may store', async () => {
  await using bench = await openOAuth()
  const one = await bench.enrol()
  const { status, headers, body } = await bench.post(TOKEN, CC, one.mtls)
  assert.equal(status, 200)
  assert.equal(headers.get('cache-control'), 'no-store')
  assert.equal(headers.get('content-type'), 'application/json')
  assert.equal(body['token_type'], 'Bearer')
})

test('RFC 6749 §3.2 a parameter that stands twice is refused, one without a value is as if left out', async () => {
  await using bench = await openOAuth()
  const one = await bench.enrol()
  const twice = await bench.post(
    TOKEN,
    'grant_type=client_credentials&scope=fs/a&scope=fs/b',
    one.mtls,
  )
  assert.equal(twice.status, 400)
  assert.equal(twice.body['error'], 'invalid_request')
  const empty = await bench.post(TOKEN, 'grant_type=client_credentials&scope=&unknown=1', one.mtls)
  assert.equal(empty.status, 200)
  assert.equal('scope' in empty.body, false)
})

test('RFC 6749 §3.2 only POST is taken', async () => {
  await using bench = await openOAuth()
  const one = await bench.enrol()
  const { request } = await import('undici')
  const { statusCode, headers, body } = await request(`${bench.issuer}${TOKEN}`, {
    dispatcher: one.mtls,
  })
  await body.dump()
  assert.equal(statusCode, 405)
  assert.equal(headers['allow'], 'POST')
})

test('RFC 6749 §5.2 errors have their codes: grant, request, client, scope', async () => {
  await using bench = await openOAuth()
  const one = await bench.enrol()
  const error = async (form: Record<string, string>, by = one.mtls) => {
    const { status, body } = await bench.post(TOKEN, form, by)
    assert.match(String(body['error_description']), /^[\x20\x21\x23-\x5B\x5D-\x7E]+$/)
    return [status, body['error']]
  }
  assert.deepEqual(await error({ grant_type: 'password' }), [400, 'unsupported_grant_type'])
  assert.deepEqual(await error({}), [400, 'invalid_request'])
  assert.deepEqual(await error(CC, bench.plain), [401, 'invalid_client'])
  assert.deepEqual(await error({ ...CC, scope: 'no pattern' }), [400, 'invalid_scope'])
})

test('RFC 6749 §5.2 a client that used the Authorization header is answered in its scheme', async () => {
  await using bench = await openOAuth()
  const { status, headers, body } = await bench.post(TOKEN, CC, bench.plain, {
    authorization: `Basic ${Buffer.from('a:b').toString('base64')}`,
  })
  assert.equal(status, 401)
  assert.equal(body['error'], 'invalid_client')
  assert.match(headers.get('www-authenticate') ?? '', /^Basic /)
})

test('RFC 6749 §2.3 a client does not use more than one method, and names nobody else', async () => {
  await using bench = await openOAuth()
  const one = await bench.enrol()
  const two = await bench.enrol()
  const secret = await bench.post(TOKEN, { ...CC, client_secret: 'x' }, one.mtls)
  assert.equal(secret.body['error'], 'invalid_client')
  const other = await bench.post(TOKEN, { ...CC, client_id: two.holder.spiffeId }, one.mtls)
  assert.equal(other.body['error'], 'invalid_client')
  const mixed = await asserted(bench, await assertion(bench, one), JWT_BEARER, {
    client_id: two.holder.spiffeId,
  })
  assert.equal(mixed.body['error'], 'invalid_client')
})

test('RFC 8705 §2 the client is the instance of the certificate, and only while that instance is live', async () => {
  await using bench = await openOAuth()
  const one = await bench.enrol()
  const form = { ...CC, client_id: one.holder.spiffeId }
  assert.equal((await bench.post(TOKEN, form, one.mtls)).status, 200)
  bench.holders.end(one.holder.id)
  const { status, body } = await bench.post(TOKEN, form, one.mtls)
  assert.deepEqual([status, body['error']], [401, 'invalid_client'])
})

test('RFC 8705 §3 a token that is asked for with a certificate and without DPoP is bound to the certificate', async () => {
  await using bench = await openOAuth()
  const one = await bench.enrol()
  const { body } = await bench.post(TOKEN, CC, one.mtls)
  const claims = decodeJwt(String(body['access_token']))
  const value = Buffer.from(one.fingerprint, 'hex').toString('base64url')
  assert.deepEqual(claims['cnf'], { 'x5t#S256': value })
})

test('RFC 7523 §3 an assertion is good once, for this issuer alone, from its own key, and for minutes', async () => {
  await using bench = await openOAuth()
  const one = await bench.enrol()
  const two = await bench.enrol()
  const now = Math.floor(bench.district.clock.now() / 1000)
  const good = await assertion(bench, one)
  assert.equal((await asserted(bench, good)).status, 200)
  const wrong: [string, string][] = [
    ['used already (7)', good],
    ['another audience (3)', await assertion(bench, one, { aud: 'https://other.example' })],
    ['two audiences (3)', await assertion(bench, one, { aud: [bench.issuer, MCP] })],
    ['ended (4)', await assertion(bench, one, { exp: now })],
    ['too long', await assertion(bench, one, { exp: now + 3_600 })],
    ['not yet (5)', await assertion(bench, one, { nbf: now + 120 })],
    ['of the future (6)', await assertion(bench, one, { iat: now + 120 })],
    ['another iss (1)', await assertion(bench, one, { iss: two.holder.spiffeId })],
    [
      'another sub (2)',
      await assertion(bench, one, { sub: two.holder.spiffeId, iss: two.holder.spiffeId }),
    ],
    ['no exp (4)', await assertion(bench, one, { exp: undefined as unknown as number })],
    ['no jti', await assertion(bench, one, { jti: undefined as unknown as string })],
    ['the key of another instance (9)', await assertion(bench, one, { key: two.key })],
    [
      'a key of nobody (9)',
      await assertion(bench, one, {
        key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
      }),
    ],
  ]
  for (const [why, text] of wrong) {
    const { status, body } = await asserted(bench, text)
    assert.deepEqual([status, body['error']], [401, 'invalid_client'], why)
  }
  const endpoint = await assertion(bench, one, { aud: `${bench.issuer}${TOKEN}` })
  assert.equal((await asserted(bench, endpoint)).status, 200, 'what older clients put there')
})

test('draft-ietf-oauth-spiffe-client-auth §3.1 a JWT-SVID for this issuer alone authenticates, with one key', async () => {
  await using bench = await openOAuth()
  const one = await bench.enrol()
  const { signJwtSvid } = await import('../../src/authority/identity/jwt-svid.ts')
  const svid = (audience: string[], spiffeId = one.holder.spiffeId) =>
    signJwtSvid(bench.tokenKey, {
      spiffeId,
      audience,
      id: randomUUID(),
      now: bench.district.clock.now(),
      life: 300_000,
    })
  const good = svid([bench.issuer])
  const keys = await webKeys()
  const by = async (text: string, pair: CryptoKeyPair) =>
    bench.post(
      TOKEN,
      { ...CC, client_assertion_type: JWT_SPIFFE, client_assertion: text },
      bench.plain,
      { dpop: await dpop(bench, pair) },
    )
  assert.equal((await by(good, keys)).status, 200)
  assert.equal((await by(good, keys)).status, 200, 'SPIFFE clients keep one until it ends')
  assert.equal(
    (await by(good, await webKeys())).body['error'],
    'invalid_client',
    'a thief has another key',
  )
  assert.equal((await by(svid([MCP]), keys)).body['error'], 'invalid_client')
  assert.equal((await by(svid([bench.issuer, MCP]), keys)).body['error'], 'invalid_client')
  const bare = { ...CC, client_assertion_type: JWT_SPIFFE, client_assertion: svid([bench.issuer]) }
  assert.equal((await bench.post(TOKEN, bare)).body['error'], 'invalid_client', 'a bearer alone')
  const { body } = await bench.post(TOKEN, CC, one.mtls)
  const access = await by(String(body['access_token']), keys)
  assert.equal(access.body['error'], 'invalid_client', 'an access token is no JWT-SVID')
  bench.holders.end(one.holder.id)
  assert.equal((await by(svid([bench.issuer]), keys)).body['error'], 'invalid_client')
})

test('RFC 8707 §2 resources are known ones, absolute and without fragment; several may be named; aud is what was asked', async () => {
  await using bench = await openOAuth()
  const one = await bench.enrol()
  const ask = async (...resources: string[]) => {
    const form: [string, string][] = [['grant_type', 'client_credentials']]
    for (const resource of resources) form.push(['resource', resource])
    return bench.post(TOKEN, form, one.mtls)
  }
  const audience = async (...resources: string[]) =>
    decodeJwt(String((await ask(...resources)).body['access_token'])).aud
  assert.equal(await audience(`${MCP}/fs`), `${MCP}/fs`)
  assert.deepEqual(await audience(`${MCP}/fs`, `${MCP}/mail`), [`${MCP}/fs`, `${MCP}/mail`])
  assert.deepEqual(await audience(), [MCP, 'http://127.0.0.1:7401/mcp'])
  for (const wrong of [
    'https://other.example',
    `${MCP}#x`,
    '/mcp',
    `${MCP}/nothing`,
    bench.issuer,
  ]) {
    assert.equal((await ask(wrong)).body['error'], 'invalid_target', wrong)
  }
})

test('RFC 9449 §5 a proof binds the token to its key, and the type says so', async () => {
  await using bench = await openOAuth()
  const one = await bench.enrol()
  const keys = await webKeys()
  const { body, headers } = await bench.post(TOKEN, CC, one.mtls, { dpop: await dpop(bench, keys) })
  assert.equal(body['token_type'], 'DPoP')
  assert.ok((headers.get('dpop-nonce') ?? '') !== '')
  const claims = decodeJwt(String(body['access_token']))
  assert.deepEqual(Object.keys(claims['cnf'] as object), ['jkt'])
})

test('RFC 9449 §8 without a nonce of ours a proof is answered with one', async () => {
  await using bench = await openOAuth()
  const one = await bench.enrol()
  const keys = await webKeys()
  const url = `${bench.issuer}${TOKEN}`
  for (const nonce of [undefined, 'made-up']) {
    const proof = await DPoP.generateProof(keys, url, 'POST', nonce)
    const { status, body, headers } = await bench.post(TOKEN, CC, one.mtls, { dpop: proof })
    assert.deepEqual([status, body['error']], [400, 'use_dpop_nonce'])
    const again = await DPoP.generateProof(keys, url, 'POST', headers.get('dpop-nonce') ?? '')
    assert.equal((await bench.post(TOKEN, CC, one.mtls, { dpop: again })).status, 200)
  }
})

test('RFC 9449 §11.1 a proof that comes again is refused, and told to the detectors', async () => {
  await using bench = await openOAuth()
  const one = await bench.enrol()
  const proof = await dpop(bench, await webKeys())
  assert.equal((await bench.post(TOKEN, CC, one.mtls, { dpop: proof })).status, 200)
  const { status, body } = await bench.post(TOKEN, CC, one.mtls, { dpop: proof })
  assert.deepEqual([status, body['error']], [400, 'invalid_dpop_proof'])
  assert.deepEqual(
    bench.observed.map(({ kind, instance }) => [kind, instance]),
    [
      ['credential-used', one.holder.id],
      ['dpop-replayed', one.holder.id],
    ],
  )
})

test('RFC 9449 §4.3 (1) two proofs in one request are refused', async () => {
  await using bench = await openOAuth()
  const one = await bench.enrol()
  const keys = await webKeys()
  const two = `${await dpop(bench, keys)}, ${await dpop(bench, keys)}`
  const { body } = await bench.post(TOKEN, CC, one.mtls, { dpop: two })
  assert.equal(body['error'], 'invalid_dpop_proof')
})

test('RFC 9068 §2 an access token has the type and the claims of the profile', async () => {
  await using bench = await openOAuth()
  const one = await bench.enrol()
  const { body } = await bench.post(TOKEN, { ...CC, scope: 'fs/read' }, one.mtls)
  const text = String(body['access_token'])
  const { typ, alg, kid } = decodeProtectedHeader(text)
  assert.deepEqual([typ, alg, kid], ['at+jwt', 'ES256', bench.tokenKey.keyId])
  const claims = decodeJwt(text)
  for (const member of ['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti', 'scope']) {
    assert.ok(member in claims, member)
  }
  assert.ok((claims.exp ?? 0) - (claims.iat ?? 0) <= 600)
})

test('INV-8 without a key to bind to there is no token, unless the setting allows one', async () => {
  await using strict = await openOAuth()
  const one = await strict.enrol()
  const form = async (bench: OAuthBench, client: TestClient) => ({
    ...CC,
    client_assertion_type: JWT_BEARER,
    client_assertion: await assertion(bench, client),
  })
  const { status, body } = await strict.post(TOKEN, await form(strict, one))
  assert.deepEqual([status, body['code']], [400, 'token.unbound'])
  await using loose = await openOAuth({ unboundLife: 60_000 })
  const two = await loose.enrol()
  const answer = await loose.post(TOKEN, await form(loose, two))
  assert.deepEqual([answer.body['token_type'], answer.body['expires_in']], ['Bearer', 60])
})
