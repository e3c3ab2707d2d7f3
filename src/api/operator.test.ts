// Holds attacks on the authentication of people: whatever is not this person's proof of this request, now and once, is nobody.

import assert from 'node:assert/strict'
import { generateKeyPairSync, sign } from 'node:crypto'
import { after, before, test } from 'node:test'
import { base64url, sha256, utf8 } from '../std/bytes.ts'
import { ControlHome, type ControlAsk } from '../../test/fakes/control.ts'

let home: ControlHome
before(async () => {
  home = await ControlHome.open()
})
after(() => home.close())

async function code(
  method: string,
  target: string,
  ask: ControlAsk,
): Promise<readonly [number, unknown]> {
  const response = await home.ask(method, target, ask)
  const body = (await response.json()) as { code?: unknown }
  return [response.status, body.code]
}

test('a proof opens its request, once', async () => {
  const authorization = home.proof('GET', '/v1/whoami')
  const first = await home.read('GET', '/v1/whoami', { authorization })
  assert.equal((first['person'] as { name: string }).name, 'ada')
  assert.deepEqual(await code('GET', '/v1/whoami', { authorization }), [401, 'operator.replayed'])
})

test('a proof from before the server started is refused: it could have been used then', async () => {
  const start = home.clock.now()
  home.clock.setWall(start - 2_000)
  const authorization = home.proof('GET', '/v1/whoami')
  home.clock.setWall(start)
  const response = await home.ask('GET', '/v1/whoami', { authorization })
  assert.match(await response.text(), /older than this server/)
})

test('no proof, and every other scheme, is 401 and says which scheme there is', async () => {
  for (const authorization of [null, 'Bearer abc', 'Basic YTpi', 'DPoP abc', 'Operator abc']) {
    const response = await home.ask('GET', '/v1/whoami', { authorization })
    assert.equal(response.status, 401, String(authorization))
    assert.equal(response.headers.get('www-authenticate'), 'Operator')
    assert.equal(response.headers.get('content-type'), 'application/problem+json')
  }
})

test('a proof of another method, path, query or body is worthless', async () => {
  const other = [401, 'operator.other_request']
  const locks = '/v1/locks'
  assert.deepEqual(
    await code('GET', locks, { authorization: home.proof('POST', locks) }),
    other,
    'method',
  )
  assert.deepEqual(
    await code('GET', locks, { authorization: home.proof('GET', '/v1/agents') }),
    other,
    'path',
  )
  assert.deepEqual(
    await code('GET', '/v1/audit/records?limit=9', {
      authorization: home.proof('GET', '/v1/audit/records?limit=1'),
    }),
    other,
    'query',
  )
  const target = { kind: 'everything', name: '' }
  const sent = { target, reason: 'other words' }
  const proven = JSON.stringify({ target, reason: 'these words' })
  assert.deepEqual(
    await code('POST', locks, { body: sent, authorization: home.proof('POST', locks, proven) }),
    other,
    'body',
  )
  assert.deepEqual(home.authority.locks.list(), [])
})

test('a proof that was refused for its body can still be used for its own', async () => {
  const body = JSON.stringify({ name: 'unborn' })
  const authorization = home.proof('POST', '/v1/agents', body)
  const refused = await home.ask('POST', '/v1/agents', { body: '{"name":"other"}', authorization })
  assert.equal(refused.status, 401)
  assert.deepEqual(await code('POST', '/v1/agents', { body, authorization }), [400, 'api.invalid'])
})

test('a proof holds a minute to either side', async () => {
  const early = home.proof('GET', '/v1/whoami')
  home.clock.advance(61_000)
  const late = [401, 'operator.time']
  assert.deepEqual(await code('GET', '/v1/whoami', { authorization: early }), late)
  const fresh = home.proof('GET', '/v1/whoami')
  home.clock.advance(60_000)
  const held = await home.ask('GET', '/v1/whoami', { authorization: fresh })
  assert.equal(held.status, 200)
  const start = home.clock.now()
  home.clock.setWall(start + 61_000)
  const future = home.proof('GET', '/v1/whoami')
  home.clock.setWall(start)
  assert.deepEqual(await code('GET', '/v1/whoami', { authorization: future }), late)
})

test('a proof stays used for as long as it holds', async () => {
  const ahead = home.clock.now()
  home.clock.setWall(ahead + 60_000)
  const authorization = home.proof('GET', '/v1/whoami')
  home.clock.setWall(ahead)
  assert.equal((await home.ask('GET', '/v1/whoami', { authorization })).status, 200)
  home.clock.advance(119_000)
  assert.deepEqual(await code('GET', '/v1/whoami', { authorization }), [401, 'operator.replayed'])
})

test('a key that nobody has, and another key under a known id, is nobody', async () => {
  const pair = generateKeyPairSync('ed25519')
  const key = pair.privateKey.export({ format: 'jwk' })
  const spki = new Uint8Array(pair.publicKey.export({ format: 'der', type: 'spki' }))
  const stranger = { id: '', name: '', kid: base64url(sha256(spki)), key }
  assert.deepEqual(await code('GET', '/v1/whoami', { as: stranger }), [401, 'operator.unknown_key'])
  const impostor = { ...stranger, kid: home.ada.kid }
  assert.deepEqual(await code('GET', '/v1/whoami', { as: impostor }), [401, 'operator.signature'])
})

test('alg none, and a proof that carries its own key, are malformed', async () => {
  const part = (of: object) => base64url(utf8(JSON.stringify(of)))
  const pair = generateKeyPairSync('ed25519')
  const payload = part({
    htm: 'GET',
    htu: '/v1/whoami',
    bdg: base64url(sha256('')),
    iat: Math.floor(home.clock.now() / 1000),
    jti: 'A'.repeat(22),
  })
  const typ = 'operator-proof+jwt'
  const { kid } = home.ada
  const jwk = pair.publicKey.export({ format: 'jwk' })
  for (const header of [
    { alg: 'none', typ, kid },
    { alg: 'EdDSA', typ, kid, jwk },
  ]) {
    const signed = `${part(header)}.${payload}`
    const signature = base64url(new Uint8Array(sign(null, utf8(signed), pair.privateKey)))
    for (const end of ['', signature]) {
      const authorization = `Operator ${signed}.${end}`
      assert.deepEqual(await code('GET', '/v1/whoami', { authorization }), [
        401,
        'operator.malformed',
      ])
    }
  }
})

test('a proof that is too large is malformed, and a body that is too large is not read', async () => {
  const authorization = `Operator ${'a'.repeat(5_000)}.a.a`
  assert.deepEqual(await code('GET', '/v1/whoami', { authorization }), [401, 'operator.malformed'])
  const body = 'x'.repeat(1_048_577)
  assert.deepEqual(await code('POST', '/v1/agents', { body }), [413, 'api.body_size'])
})

test('refusals of strangers are counted by their code', async () => {
  const before = home.refused.length
  await home.ask('GET', '/v1/whoami', { authorization: null })
  assert.deepEqual(home.refused.slice(before), ['operator.missing'])
})
