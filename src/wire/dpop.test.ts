// Holds the tests of DPoP: proofs of other people's code are read, and each part of RFC 9449 §4.3 is looked at.

import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { test } from 'node:test'
import { calculateJwkThumbprint, exportJWK, SignJWT, type JWTPayload } from 'jose'
import * as DPoP from 'dpop'
import { FakeClock } from '../../test/fakes/clock.ts'
import { faultOf } from '../../test/fakes/authority.ts'
import { DpopChecks } from './dpop-checks.ts'
import { accessTokenHash, DpopNonces, htuMatches, jwkThumbprint, readDpopProof } from './dpop.ts'

const URL_ = 'https://127.0.0.1:7402/oauth/token'
const KEY = new Uint8Array(32).fill(7)

interface Wrong {
  readonly header?: Record<string, unknown>
  readonly payload?: JWTPayload & Record<string, unknown>
  readonly key?: KeyObject
}

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })

async function proof(clock: FakeClock, nonce: string | undefined, wrong: Wrong = {}) {
  const jwk = pair.publicKey.export({ format: 'jwk' })
  const seconds = Math.floor(clock.now() / 1000)
  const payload = { htm: 'POST', htu: URL_, iat: seconds, jti: 'one', nonce, ...wrong.payload }
  return new SignJWT(payload)
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk, ...wrong.header })
    .sign(wrong.key ?? pair.privateKey)
}

function bench() {
  const clock = new FakeClock()
  const checks = new DpopChecks({ key: KEY, clock, most: 4 })
  const of = { method: 'POST', url: URL_ }
  return { clock, checks, of, make: (wrong?: Wrong) => proof(clock, checks.nonces.next(), wrong) }
}

test('a proof of the dpop package is read, for every algorithm of it that is listed', async () => {
  for (const alg of ['ES256', 'Ed25519', 'RS256', 'PS256'] as const) {
    const keys = await DPoP.generateKeyPair(alg, { extractable: true })
    const text = await DPoP.generateProof(keys, `${URL_}?a=b#c`, 'POST', 'nonce', 'token')
    const read = readDpopProof(text)
    assert.equal(read.jkt, await calculateJwkThumbprint(await exportJWK(keys.publicKey)))
    assert.equal(read.htm, 'POST')
    assert.equal(read.ath, accessTokenHash('token'))
    assert.equal(read.nonce, 'nonce')
    assert.ok(htuMatches(read.htu, URL_))
  }
})

test('RFC 7638 thumbprints are those of jose', async () => {
  for (const { publicKey } of [
    pair,
    generateKeyPairSync('ed25519'),
    generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ]) {
    const jwk = await exportJWK(publicKey)
    assert.equal(
      jwkThumbprint(createPublicKey(publicKey.export({ type: 'spki', format: 'pem' }))),
      await calculateJwkThumbprint(jwk),
    )
  }
})

test('RFC 9449 §4.3 a good proof counts once', async () => {
  const { checks, of, make } = bench()
  const read = checks.read(await make(), of)
  checks.spend(read)
  assert.throws(() => checks.spend(read), faultOf('dpop.replayed'))
})

test('RFC 9449 §4.3 (4) typ is dpop+jwt', async () => {
  const { checks, of, make } = bench()
  const text = await make({ header: { typ: 'JWT' } })
  assert.throws(() => checks.read(text, of), faultOf('dpop.malformed'))
})

test('RFC 9449 §4.3 (7) a jwk with a private part is refused', async () => {
  const { checks, of, make } = bench()
  const text = await make({ header: { jwk: pair.privateKey.export({ format: 'jwk' }) } })
  assert.throws(() => checks.read(text, of), faultOf('dpop.malformed'))
})

test('RFC 9449 §4.3 (6) the signature is by the key of the jwk', async () => {
  const { checks, of, make } = bench()
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const text = await make({ key: other.privateKey })
  assert.throws(() => checks.read(text, of), faultOf('dpop.signature'))
})

test('RFC 9449 §4.3 (8, 9) method and URL are those of the request; query and fragment are not compared', async () => {
  const { checks, of, make } = bench()
  const wrong = [
    { htm: 'GET' },
    { htm: 'post' },
    { htu: 'https://127.0.0.1:7443/oauth/token' },
    { htu: 'http://127.0.0.1:7402/oauth/token' },
    { htu: `${URL_}/` },
    { htu: 'https://x@127.0.0.1:7402/oauth/token' },
    { htu: 'no url' },
  ]
  for (const payload of wrong) {
    const text = await make({ payload })
    assert.throws(() => checks.read(text, of), faultOf('dpop.other_request'))
  }
  checks.read(await make({ payload: { htu: `${URL_}?x=1#y` } }), of)
  checks.read(await make({ payload: { htu: 'HTTPS://127.0.0.1:7402/oauth/token' } }), of)
})

test('RFC 9449 §4.3 (11) iat is of now, both ways', async () => {
  const { clock, checks, of, make } = bench()
  const seconds = clock.now() / 1000
  for (const iat of [seconds - 61, seconds + 61]) {
    const text = await make({ payload: { iat } })
    assert.throws(() => checks.read(text, of), faultOf('dpop.time'))
  }
  checks.read(await make({ payload: { iat: seconds - 60 } }), of)
})

test('RFC 9449 §4.3 (12) ath is the hash of the token that is shown', async () => {
  const { checks, of, make } = bench()
  const with_ = { ...of, token: 'abc' }
  const bare = await make()
  assert.throws(() => checks.read(bare, with_), faultOf('dpop.token'))
  const other = await make({ payload: { ath: accessTokenHash('abd') } })
  assert.throws(() => checks.read(other, with_), faultOf('dpop.token'))
  checks.read(await make({ payload: { ath: accessTokenHash('abc') } }), with_)
})

test('RFC 9449 §4.3 (10) the nonce is ours, of now or the one before, and of this surface', async () => {
  const { clock, checks, of } = bench()
  const old = checks.nonces.next()
  const theirs = new DpopNonces(new Uint8Array(32).fill(8), clock).next()
  for (const nonce of [undefined, '', 'x', theirs]) {
    const text = await proof(clock, nonce)
    assert.throws(() => checks.read(text, of), faultOf('dpop.nonce'))
  }
  clock.advance(120_000)
  checks.read(await proof(clock, old), of)
  clock.advance(120_000)
  const late = await proof(clock, old)
  assert.throws(() => checks.read(late, of), faultOf('dpop.nonce'))
})

test('RFC 9449 §4.2 members are of their types', async () => {
  const { checks, of, make } = bench()
  for (const payload of [
    { jti: undefined },
    { jti: '' },
    { jti: 'x'.repeat(257) },
    { htm: 1 },
    { htu: [] },
    { iat: undefined },
    { ath: 7 },
    { nonce: {} },
  ]) {
    const text = await make({ payload: payload as unknown as JWTPayload })
    assert.throws(() => checks.read(text, of), faultOf('dpop.malformed'))
  }
})

test('a full memory refuses new proofs rather than forgetting old ones', async () => {
  const { checks, of, make, clock } = bench()
  for (let n = 0; n < 4; n++)
    checks.spend(checks.read(await make({ payload: { jti: `n${n}` } }), of))
  const next = checks.read(await make({ payload: { jti: 'next' } }), of)
  assert.throws(() => checks.spend(next), faultOf('dpop.busy'))
  clock.advance(61_000)
  checks.spend(checks.read(await make({ payload: { jti: 'next' } }), of))
})
