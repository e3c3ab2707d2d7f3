// Holds tests of the operator's proof: what is made is read, and nothing else is.

import assert from 'node:assert/strict'
import { generateKeyPairSync, sign, type JsonWebKey, type KeyObject } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { base64url, utf8 } from '../std/bytes.ts'
import { systemEntropy } from '../std/entropy.ts'
import { Fault } from '../std/fault.ts'
import {
  bodyDigest,
  makeOperatorProof,
  operatorKeyId,
  readOperatorProof,
} from './operator-proof.ts'

const clock = { now: () => 1_700_000_000_999, monotonic: () => 0 }
const pair = generateKeyPairSync('ed25519')
const spki = (key: KeyObject) => new Uint8Array(key.export({ format: 'der', type: 'spki' }))
const publicKey = spki(pair.publicKey)
const kid = operatorKeyId(publicKey)
const credential = { kid, key: pair.privateKey.export({ format: 'jwk' }) as JsonWebKey }
const from = { clock, entropy: systemEntropy }
const request = { method: 'POST', target: '/v1/agents?a=b', body: utf8('{"name":"x"}') }
const known = (asked: string) => (asked === kid ? publicKey : undefined)

function forge(header: unknown, payload: unknown, key = pair.privateKey): string {
  const text = (part: unknown) => (typeof part === 'string' ? part : JSON.stringify(part))
  const signed = `${base64url(utf8(text(header)))}.${base64url(utf8(text(payload)))}`
  return `Operator ${signed}.${base64url(sign(null, utf8(signed), key))}`
}

const HEADER = { alg: 'EdDSA', typ: 'operator-proof+jwt', kid }
const PAYLOAD = {
  htm: 'GET',
  htu: '/v1/whoami',
  bdg: bodyDigest(new Uint8Array()),
  iat: 1_700_000_000,
  jti: 'A'.repeat(22),
}

/** The last of 86 characters carries two bits and four that must be zero: its neighbour decodes to the same bytes. */
function neighbour(last: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return alphabet[alphabet.indexOf(last) + 1]!
}

test('a proof says what it was made for', () => {
  const proof = readOperatorProof(makeOperatorProof(request, credential, from), known)
  assert.equal(proof.htm, 'POST')
  assert.equal(proof.htu, '/v1/agents?a=b')
  assert.equal(proof.bdg, bodyDigest(request.body))
  assert.equal(proof.iat, 1_700_000_000)
  assert.equal(proof.kid, kid)
})

test('two proofs of the same request differ', () => {
  const made = () => makeOperatorProof(request, credential, from)
  assert.notEqual(made(), made())
})

test('every other form is refused by its code', () => {
  assert.equal(readOperatorProof(forge(HEADER, PAYLOAD), known).jti, PAYLOAD.jti)
  const good = forge(HEADER, PAYLOAD)
  const malformed: readonly [string, string][] = [
    ['nothing', ''],
    ['a bearer token', `Bearer ${good.slice(9)}`],
    ['lower case scheme', `operator ${good.slice(9)}`],
    ['two spaces', `Operator  ${good.slice(9)}`],
    ['no signature', good.slice(0, good.lastIndexOf('.'))],
    ['empty signature', good.slice(0, good.lastIndexOf('.') + 1)],
    ['four parts', `${good}.AA`],
    ['padding', `${good}==`],
    ['bits behind the signature', good.slice(0, -1) + neighbour(good.at(-1)!)],
    ['alg none', forge({ ...HEADER, alg: 'none' }, PAYLOAD)],
    ['alg HS256', forge({ ...HEADER, alg: 'HS256' }, PAYLOAD)],
    ['alg Ed448', forge({ ...HEADER, alg: 'Ed448' }, PAYLOAD)],
    ['another type', forge({ ...HEADER, typ: 'JWT' }, PAYLOAD)],
    ['no kid', forge({ alg: 'EdDSA', typ: HEADER.typ, crit: [] }, PAYLOAD)],
    ['a key of its own', forge({ ...HEADER, jwk: credential.key }, PAYLOAD)],
    ['a member more', forge(HEADER, { ...PAYLOAD, exp: 1 })],
    ['text iat', forge(HEADER, { ...PAYLOAD, iat: '1700000000' })],
    ['fraction', forge(HEADER, { ...PAYLOAD, iat: 1.5 })],
    ['short jti', forge(HEADER, { ...PAYLOAD, jti: 'A' })],
    ['short digest', forge(HEADER, { ...PAYLOAD, bdg: '' })],
    ['duplicate kid', forge(`{"alg":"EdDSA","typ":"x","kid":"a","kid":"${kid}"}`, PAYLOAD)],
    ['no object', forge('[1,2,3]', PAYLOAD)],
    ['oversize', forge(HEADER, { ...PAYLOAD, htu: `/${'a'.repeat(5_000)}` })],
  ]
  for (const [what, text] of malformed) {
    assert.throws(() => readOperatorProof(text, known), { code: 'operator.malformed' }, what)
  }
})

test('a wrong key, another key and a changed request are refused', () => {
  const other = generateKeyPairSync('ed25519')
  const code = (expected: string, text: string, keys = known) =>
    assert.throws(() => readOperatorProof(text, keys), { code: expected, status: 401 })
  code('operator.signature', forge(HEADER, PAYLOAD, other.privateKey))
  code('operator.signature', forge(HEADER, PAYLOAD), () => spki(other.publicKey))
  code('operator.unknown_key', forge({ ...HEADER, kid: 'x' }, PAYLOAD))
  const [head, , signature] = forge(HEADER, PAYLOAD).split('.')
  const payload = base64url(utf8(JSON.stringify({ ...PAYLOAD, htu: '/v1/people' })))
  code('operator.signature', `${head}.${payload}.${signature}`)
  const rsa = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  code('operator.malformed', forge(HEADER, PAYLOAD), () => spki(rsa.publicKey))
})

test('arbitrary text is refused by code, never otherwise', () => {
  const part = fc.oneof(fc.string(), fc.base64String(), fc.constantFrom('e30', 'bnVsbA', '--'))
  fc.assert(
    fc.property(fc.array(part, { maxLength: 4 }), (parts) => {
      assert.throws(() => readOperatorProof(`Operator ${parts.join('.')}`, known), Fault)
    }),
    { numRuns: 1_000 },
  )
})
