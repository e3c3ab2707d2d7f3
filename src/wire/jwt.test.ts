// Holds the tests of the JWT reader: one form, one algorithm per key, and every trick with a header refused.

import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { SignJWT } from 'jose'
import { faultOf } from '../../test/fakes/authority.ts'
import { Fault } from '../std/fault.ts'
import type { JsonObject } from '../std/json.ts'
import { audienceOf, keyFits, MAX_JWT, numericDate, readJws, verifyJws, writeJws } from './jwt.ts'

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const ed = generateKeyPairSync('ed25519')
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const EXPECTED = { typ: ['at+jwt'], algorithms: ['ES256', 'EdDSA', 'RS256', 'PS256'] } as const

const es256 = (bytes: Uint8Array) =>
  new Uint8Array(sign('sha256', bytes, { key: ec.privateKey, dsaEncoding: 'ieee-p1363' }))

function token(header: JsonObject, payload: JsonObject = { sub: 'x' }): string {
  return writeJws({ alg: 'ES256', typ: 'at+jwt', ...header }, payload, es256)
}

const b64 = (text: string): string => Buffer.from(text).toString('base64url')

test('what jose signs is read and verified, for every algorithm that is listed', async () => {
  for (const [alg, pair] of [
    ['ES256', ec],
    ['EdDSA', ed],
    ['RS256', rsa],
    ['PS256', rsa],
  ] as const) {
    const text = await new SignJWT({ sub: alg })
      .setProtectedHeader({ alg, typ: 'at+jwt' })
      .sign(pair.privateKey)
    const jws = readJws(text, EXPECTED)
    verifyJws(jws, pair.publicKey)
    assert.equal(jws.payload['sub'], alg)
  }
})

test('RFC 7515 §4.1.11 a token with crit is refused', () => {
  const text = token({ crit: ['exp'], exp: 1 })
  assert.throws(() => readJws(text, EXPECTED), faultOf('jwt.header'))
})

test('RFC 8725 §3.1 the key decides the algorithm: none, HS256 and another key kind are refused', () => {
  const payload = b64('{"sub":"x"}')
  const none = `${b64('{"alg":"none","typ":"at+jwt"}')}.${payload}`
  assert.throws(() => readJws(`${none}.`, EXPECTED), faultOf('jwt.malformed'))
  assert.throws(() => readJws(`${none}.AA`, EXPECTED), faultOf('jwt.header'))
  const head = b64('{"alg":"HS256","typ":"at+jwt"}')
  const spki = ec.publicKey.export({ type: 'spki', format: 'pem' })
  const mac = createHmac('sha256', spki).update(`${head}.${payload}`).digest('base64url')
  assert.throws(() => readJws(`${head}.${payload}.${mac}`, EXPECTED), faultOf('jwt.header'))
  const jws = readJws(token({}), EXPECTED)
  assert.throws(() => verifyJws(jws, rsa.publicKey), faultOf('jwt.header'))
  assert.throws(() => verifyJws({ ...jws, alg: 'RS256' }, ec.publicKey), faultOf('jwt.header'))
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey
  assert.throws(() => verifyJws(jws, other), faultOf('jwt.signature'))
})

test('RFC 8725 §3.5 weak and foreign keys fit no algorithm', () => {
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey
  assert.equal(keyFits('RS256', weak), false)
  assert.equal(keyFits('ES256', p384), false)
  assert.equal(keyFits('ES256', ec.privateKey), false)
})

test('RFC 8725 §3.11 a token of another type is refused', () => {
  for (const typ of ['JWT', 'dpop+jwt', 'AT+JWT', 7]) {
    assert.throws(() => readJws(token({ typ }), EXPECTED), faultOf('jwt.header'))
  }
})

test('one form only: exact base64url, three parts, strict JSON, bounded', () => {
  const good = token({})
  const [head = '', body = '', tail = ''] = good.split('.')
  const bad = [
    '',
    '..',
    good.slice(0, -1),
    `${good}.`,
    `${good}.${tail}`,
    `${head}=.${body}.${tail}`,
    `${head}.${body}.${tail}\n`,
    ` ${good}`,
    `${b64('{"alg":"ES256","alg":"none","typ":"at+jwt"}')}.${body}.${tail}`,
    `${head}.${b64('{"sub":"a","sub":"b"}')}.${tail}`,
    `${head}.${b64('{"sub":"a","Sub":"b"}')}.${tail}`,
    `${head}.${b64('[1]')}.${tail}`,
    `${head}.${b64('{'.repeat(40))}.${tail}`,
    token({}, { pad: 'x'.repeat(MAX_JWT) }),
  ]
  for (const text of bad)
    assert.throws(() => readJws(text, EXPECTED), faultOf('jwt.malformed'), text)
  readJws(good, EXPECTED)
})

test('no text makes the reader throw anything but its own faults', () => {
  const part = fc.oneof(fc.string(), fc.json().map(b64), fc.base64String())
  fc.assert(
    fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
      try {
        readJws(parts.join('.'), EXPECTED)
      } catch (error) {
        assert.ok(error instanceof Fault && error.code.startsWith('jwt.'))
      }
    }),
  )
})

test('RFC 7519 §2 a NumericDate is a number of seconds, fractions allowed; anything else is none', () => {
  assert.equal(numericDate(1.5), 1_500)
  for (const wrong of ['1', null, -1, Number.NaN, 1e12, {}, undefined]) {
    assert.equal(numericDate(wrong), undefined)
  }
})

test('RFC 7519 §4.1.3 an audience is one text or several', () => {
  assert.deepEqual(audienceOf({ aud: 'a' }), ['a'])
  assert.deepEqual(audienceOf({ aud: ['a', 'b'] }), ['a', 'b'])
  for (const aud of [[], [1], ['a', 1], {}, 1, null]) assert.equal(audienceOf({ aud }), undefined)
})
