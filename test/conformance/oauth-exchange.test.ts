// Holds the conformance of token exchange, introspection, revocation and discovery: RFC 8693, 7662, 7009 and 8414.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeJwt } from 'jose'
import { request } from 'undici'
import { MCP, openOAuth, type OAuthBench, type TestClient } from '../fakes/oauth.ts'

const TOKEN = '/oauth/token'
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'
const JWT = 'urn:ietf:params:oauth:token-type:jwt'

async function own(bench: OAuthBench, client: TestClient, more: Record<string, string> = {}) {
  const { body } = await bench.post(
    TOKEN,
    { grant_type: 'client_credentials', ...more },
    client.mtls,
  )
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

/** A planner with a person's delegation, a worker, and a token that hands a part on to the worker. */
async function handed(bench: OAuthBench, more: Record<string, string> = {}) {
  const one = await bench.enrol({ agent: 'planner' })
  const two = await bench.enrol({ agent: 'worker' })
  bench.delegate(one, { scope: ['fs/*', 'mail/send'] })
  const subject = await own(bench, one)
  const answer = await exchange(bench, one, subject, { audience: two.holder.spiffeId, ...more })
  return { one, two, subject, answer, text: String(answer.body['access_token']) }
}

test('RFC 8693 §2.1 subject_token and its type are required, and of a kind that is known', async () => {
  await using bench = await openOAuth()
  const one = await bench.enrol()
  const subject = await own(bench, one)
  const error = async (form: Record<string, string>) =>
    (await bench.post(TOKEN, { grant_type: EXCHANGE, ...form }, one.mtls)).body['error']
  assert.equal(await error({ subject_token: subject }), 'invalid_request')
  assert.equal(await error({ subject_token_type: ACCESS_TOKEN }), 'invalid_request')
  const saml = {
    subject_token: subject,
    subject_token_type: 'urn:ietf:params:oauth:token-type:saml2',
  }
  assert.equal(await error(saml), 'invalid_request')
  const good = { subject_token: subject, subject_token_type: JWT }
  assert.equal(await error({ ...good, requested_token_type: 'urn:x' }), 'invalid_request')
  assert.equal(await error(good), undefined)
})

test('RFC 8693 §2.1 actor_token and actor_token_type come together or not at all, and are the client’s own', async () => {
  await using bench = await openOAuth()
  const one = await bench.enrol()
  const two = await bench.enrol()
  const subject = await own(bench, one)
  const error = async (more: Record<string, string>) =>
    (await exchange(bench, one, subject, more)).body['error']
  assert.equal(await error({ actor_token: subject }), 'invalid_request')
  assert.equal(await error({ actor_token_type: ACCESS_TOKEN }), 'invalid_request')
  const theirs = { actor_token: await own(bench, two), actor_token_type: ACCESS_TOKEN }
  assert.equal(await error(theirs), 'invalid_request')
  assert.equal(await error({ actor_token: subject, actor_token_type: ACCESS_TOKEN }), undefined)
})

test('RFC 8693 §2.2.1 an answer names the type of what was issued; N_A where it is no access token', async () => {
  await using bench = await openOAuth()
  const { answer, one, subject } = await handed(bench)
  assert.equal(answer.body['token_type'], 'N_A')
  assert.equal(answer.body['issued_token_type'], JWT)
  const narrow = await exchange(bench, one, subject, { scope: 'fs/read' })
  assert.equal(narrow.body['token_type'], 'Bearer')
  assert.equal(narrow.body['issued_token_type'], ACCESS_TOKEN)
  assert.equal(narrow.body['scope'], 'fs/read')
})

test('RFC 8693 §2.2.2 a subject token that is not good is invalid_request, a target that is not is invalid_target', async () => {
  await using bench = await openOAuth()
  const one = await bench.enrol()
  const two = await bench.enrol()
  const subject = await own(bench, one, { resource: `${MCP}/fs` })
  const error = async (by: TestClient, text: string, more = {}) => {
    const { status, body } = await exchange(bench, by, text, more)
    assert.equal(status, 400)
    return body['error']
  }
  assert.equal(await error(one, 'garbage'), 'invalid_request')
  assert.equal(await error(two, subject), 'invalid_request')
  assert.equal(await error(one, subject, { resource: `${MCP}/mail` }), 'invalid_target')
  assert.equal(await error(one, subject, { resource: MCP }), 'invalid_target')
  assert.equal(await error(one, subject, { audience: 'https://other.example' }), 'invalid_target')
  const elsewhere = `spiffe://other.test/agent/worker/${two.holder.id}`
  assert.equal(await error(one, subject, { audience: elsewhere }), 'invalid_target')
})

test('RFC 8693 §4.1 act mirrors the chain: who acts outermost, who passed it on within', async () => {
  await using bench = await openOAuth()
  const { one, two, text } = await handed(bench)
  const before = decodeJwt(text)
  assert.deepEqual(before['may_act'], { sub: two.holder.spiffeId })
  assert.equal(before.aud, bench.issuer)
  const { body } = await exchange(bench, two, text, { subject_token_type: JWT })
  const claims = decodeJwt(String(body['access_token']))
  assert.equal(claims.sub, 'per_0')
  assert.equal(claims['client_id'], two.holder.spiffeId)
  assert.deepEqual(claims['act'], { sub: two.holder.spiffeId, act: { sub: one.holder.spiffeId } })
})

test('RFC 8693 §4.4 may_act gates: who is not named gets nothing, not even who handed it on', async () => {
  await using bench = await openOAuth()
  const { one, two, text } = await handed(bench)
  const three = await bench.enrol({ agent: 'worker' })
  for (const other of [one, three]) {
    const { status, body } = await exchange(bench, other, text, { subject_token_type: JWT })
    assert.deepEqual([status, body['error']], [400, 'invalid_request'])
  }
  assert.equal((await exchange(bench, two, text, { subject_token_type: JWT })).status, 200)
})

test('RFC 8693 §4.4 may_act of an agent is taken up by its first instance, and by no second', async () => {
  await using bench = await openOAuth()
  const one = await bench.enrol({ agent: 'planner' })
  const two = await bench.enrol({ agent: 'worker' })
  const three = await bench.enrol({ agent: 'worker' })
  bench.delegate(one)
  const subject = await own(bench, one)
  const { body } = await exchange(bench, one, subject, {
    audience: 'spiffe://bailiwick.test/agent/worker',
  })
  const text = String(body['access_token'])
  const take = async (by: TestClient) => (await exchange(bench, by, text)).status
  assert.deepEqual([await take(two), await take(three), await take(two)], [200, 400, 200])
})

test('INV-4 a chain goes on as deep as it was allowed, and never back', async () => {
  await using bench = await openOAuth()
  const { one, two, text } = await handed(bench)
  const three = await bench.enrol({ agent: 'helper' })
  const four = await bench.enrol({ agent: 'last' })
  const take = async (by: TestClient, token: string) =>
    String((await exchange(bench, by, token)).body['access_token'])
  const second = await take(two, text)
  const back = await exchange(bench, two, second, { audience: one.holder.spiffeId })
  assert.equal(back.body['code'], 'delegation.cycle')
  assert.equal(back.body['error'], 'invalid_target')
  const on = await exchange(bench, two, second, { audience: three.holder.spiffeId })
  const third = await take(three, String(on.body['access_token']))
  const claims = decodeJwt(third)
  assert.deepEqual(claims['act'], {
    sub: three.holder.spiffeId,
    act: { sub: two.holder.spiffeId, act: { sub: one.holder.spiffeId } },
  })
  const deeper = await exchange(bench, three, third, { audience: four.holder.spiffeId })
  assert.equal(deeper.body['code'], 'delegation.depth')
})

test('RFC 7662 §2.2 an instance learns of its own tokens, and of nobody else’s', async () => {
  await using bench = await openOAuth()
  const one = await bench.enrol()
  const two = await bench.enrol()
  const token = await own(bench, one, { scope: 'fs/read' })
  const ask = (text: string, by = one.mtls) => bench.post('/oauth/introspect', { token: text }, by)
  const { body } = await ask(token)
  assert.equal(body['active'], true)
  assert.equal(body['scope'], 'fs/read')
  assert.equal(body['client_id'], one.holder.spiffeId)
  assert.deepEqual((await ask(token, two.mtls)).body, { active: false })
  assert.deepEqual((await ask('garbage')).body, { active: false })
  const nobody = await ask(token, bench.plain)
  assert.deepEqual([nobody.status, nobody.body['error']], [401, 'invalid_client'])
})

test('RFC 7009 §2 a token is revoked by its holder alone, at once, with what came of it; an unknown one is gone already', async () => {
  await using bench = await openOAuth()
  const { one, two, subject, text } = await handed(bench)
  const taken = String((await exchange(bench, two, text)).body['access_token'])
  const shown = { certificate: two.fingerprint }
  assert.ok('id' in bench.check(taken, shown))
  const revoke = (token: string, by: TestClient) =>
    bench.post('/oauth/revoke', { token, token_type_hint: 'access_token' }, by.mtls)
  const other = await revoke(subject, two)
  assert.deepEqual([other.status, other.body['error']], [400, 'unauthorized_client'])
  assert.ok('id' in bench.check(taken, shown))
  assert.equal((await revoke(subject, one)).status, 200)
  assert.ok('refused' in bench.check(taken, shown))
  assert.ok('refused' in bench.check(subject, { certificate: one.fingerprint }))
  assert.equal((await revoke(subject, one)).status, 200)
  assert.equal((await revoke('garbage', one)).status, 200)
})

test('RFC 8414 §2 the metadata names what is there, and the issuer is its own', async () => {
  await using bench = await openOAuth()
  const get = async (path: string) => {
    const { body, statusCode } = await request(`${bench.issuer}${path}`, {
      dispatcher: bench.plain,
    })
    assert.equal(statusCode, 200)
    return (await body.json()) as Record<string, unknown>
  }
  const metadata = await get('/.well-known/oauth-authorization-server')
  assert.equal(metadata['issuer'], bench.issuer)
  assert.deepEqual(metadata['grant_types_supported'], ['client_credentials', EXCHANGE])
  assert.deepEqual(metadata['token_endpoint_auth_methods_supported'], [
    'tls_client_auth',
    'private_key_jwt',
    'spiffe_jwt',
  ])
  assert.equal(metadata['tls_client_certificate_bound_access_tokens'], true)
  const openid = await get('/.well-known/openid-configuration')
  assert.equal(openid['jwks_uri'], `${bench.issuer}/oauth/jwks`)
  const { keys } = (await get('/oauth/jwks')) as { keys: Record<string, unknown>[] }
  assert.equal(keys[0]?.['kid'], bench.tokenKey.keyId)
  assert.equal('d' in (keys[0] ?? {}), false)
})
