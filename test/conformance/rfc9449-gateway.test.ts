// Holds conformance of the gateway with RFC 9449: tokens with proofs, made by our own hands and by another's library.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as DPoP from 'dpop'
import { prover, TokenGateway } from '../fakes/token-gateway.ts'

test('RFC 9449 §7.1 a token with a proof of its key is taken; the library `dpop` makes proofs that are', async () => {
  await using gateway = await TokenGateway.open()
  const key = await prover()
  await gateway.hear()
  gateway.issue('good', { key })
  assert.equal((await gateway.list(key, 'good')).status, 200)
  const pair = await DPoP.generateKeyPair('ES256', { extractable: true })
  const jkt = await DPoP.calculateThumbprint(pair.publicKey)
  gateway.issue('theirs', { binding: { kind: 'dpop', value: jkt } })
  const htu = `${gateway.url}/mcp/files`
  const proof = await DPoP.generateProof(pair, htu, 'POST', gateway.nonce, 'theirs')
  const headers = [
    ['authorization', 'DPoP theirs'],
    ['dpop', proof],
  ] as const
  assert.equal((await gateway.ask({ headers })).status, 200)
})

test('RFC 9449 §4.3 every part of a proof is checked', async () => {
  await using gateway = await TokenGateway.open()
  const key = await prover()
  const other = await prover()
  await gateway.hear()
  gateway.issue('good', { key })
  const now = Math.floor(Date.now() / 1000)
  for (const [what, parts, code] of [
    ['another method', { htm: 'GET' }, 'dpop.other_request'],
    ['another path', { htu: `${gateway.url}/mcp/mail` }, 'dpop.other_request'],
    ['another port', { htu: 'http://127.0.0.1:1/mcp/files' }, 'dpop.other_request'],
    [
      'another scheme',
      { htu: `https://127.0.0.1:${gateway.port}/mcp/files` },
      'dpop.other_request',
    ],
    ['another token', { ath: 'x'.repeat(43) }, 'dpop.token'],
    ['too old', { iat: now - 120 }, 'dpop.time'],
    ['of tomorrow', { iat: now + 120 }, 'dpop.time'],
    ['another type', { typ: 'JWT' }, 'dpop.malformed'],
    ['another key in its header', { jwk: other.jwk }, 'dpop.signature'],
    ['a private key in its header', { jwk: { ...key.jwk, d: 'AA' } }, 'dpop.malformed'],
  ] as const) {
    const { status, challenges, json } = await gateway.list(key, 'good', parts)
    assert.equal(status, 401, what)
    assert.equal(json['code'], code, what)
    assert.match(challenges[1] ?? '', /^DPoP error="invalid_dpop_proof"/, what)
  }
  const query = await gateway.list(key, 'good', { htu: `${gateway.url}/mcp/files?x=1#y` })
  assert.equal(query.status, 200, 'query and fragment are left out')
})

test('RFC 9449 §7.1 a proof of another key than the token is bound to is refused', async () => {
  await using gateway = await TokenGateway.open()
  const [key, other] = [await prover(), await prover()]
  await gateway.hear()
  gateway.issue('good', { key })
  const { status, json, challenges } = await gateway.list(other, 'good')
  assert.deepEqual([status, json['code']], [401, 'token.binding'])
  assert.match(challenges[1] ?? '', /^DPoP error="invalid_token"/)
})

test('RFC 9449 §7.1 the challenge names the algorithms', async () => {
  await using gateway = await TokenGateway.open()
  const { challenges } = await gateway.ask({})
  assert.match(challenges[1] ?? '', /^DPoP algs="ES256 /)
})

test('RFC 9449 §7.2 a token that is bound to a key is nothing as a bearer, and the other way round', async () => {
  await using gateway = await TokenGateway.open(true)
  const key = await prover()
  await gateway.hear()
  gateway.issue('bound', { key })
  gateway.issue('bearer')
  const { status, json } = await gateway.ask({ headers: [['authorization', 'Bearer bound']] })
  assert.deepEqual([status, json['code']], [401, 'token.binding'])
  assert.deepEqual((await gateway.list(key, 'bearer')).json['code'], 'token.binding')
})

test('RFC 9449 §9 without our nonce the answer is use_dpop_nonce with one that is good', async () => {
  await using gateway = await TokenGateway.open()
  const key = await prover()
  gateway.issue('good', { key })
  const first = await gateway.list(key, 'good', { nonce: null })
  assert.equal(first.status, 401)
  assert.match(first.challenges[1] ?? '', /^DPoP error="use_dpop_nonce"/)
  const nonce = String(first.headers['dpop-nonce'])
  assert.equal((await gateway.list(key, 'good', { nonce })).status, 200)
})

test('RFC 9449 §4.3 check 1: one DPoP header, not two and not none', async () => {
  await using gateway = await TokenGateway.open()
  const key = await prover()
  await gateway.hear()
  gateway.issue('good', { key })
  const [one, two] = [await gateway.proof(key, 'good'), await gateway.proof(key, 'good')]
  for (const proofs of [[], [one, two]]) {
    const { status, json } = await gateway.ask({
      headers: [['authorization', 'DPoP good'], ...proofs.map((p) => ['dpop', p] as const)],
    })
    assert.deepEqual([status, json['code']], [401, 'authenticate.proof'])
  }
})

test('RFC 9449 §11.1 a proof counts once, and a replay is seen', async () => {
  await using gateway = await TokenGateway.open()
  const key = await prover()
  await gateway.hear()
  gateway.issue('good', { key })
  const jti = 'the same'
  assert.equal((await gateway.list(key, 'good', { jti })).status, 200)
  const { status, json } = await gateway.list(key, 'good', { jti })
  assert.deepEqual([status, json['code']], [401, 'dpop.replayed'])
  assert.deepEqual(
    gateway.fake.observed.map(({ kind }) => kind),
    ['credential-used', 'dpop-replayed'],
  )
})
