// Holds tests of the parsers of attestation: what is whole is read as it is, anything else is refused with its code.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Fault } from '../std/fault.ts'
import type { Json } from '../std/json.ts'
import { parseAttestRequest, parseChallenge, parseChallengeRequest } from './attest.ts'

const ID = '019a5a6e-3c00-7000-8000-000000000001'
const TEXTS = { source: 'ci', csr: 'pem' }
const OIDC = { attestor: 'oidc', ...TEXTS, token: 'a.b.c' }
const X509 = {
  attestor: 'x509pop',
  ...TEXTS,
  certificates: 'pem',
  challenge: 'c',
  signature: 's',
}

test('whole requests are read as they are', () => {
  const more = { composition: { model: 'opus' }, replaces: ID }
  for (const body of [OIDC, X509, { ...OIDC, ...more }, { ...X509, ...more }]) {
    assert.deepEqual(parseAttestRequest(body), body)
  }
  const challenge = { attestor: 'x509pop', ...TEXTS }
  assert.deepEqual(parseChallengeRequest(challenge), challenge)
  const answer = { challenge: 'c', expires_at: 't' }
  assert.deepEqual(parseChallenge({ ...answer, more: 1 }), answer)
})

test('what lacks a member, has another, or one of another type is refused', () => {
  const bad: Json[] = [
    null,
    [],
    'oidc',
    { ...OIDC, attestor: 'join_token' },
    { ...OIDC, attestor: 'unix' },
    { ...OIDC, certificates: 'pem' },
    { ...OIDC, token: 1 },
    { ...OIDC, token: null },
    { ...OIDC, agent: 'other' },
    { ...OIDC, replaces: 'the last one' },
    { ...OIDC, composition: { model: 1 } },
    { ...OIDC, composition: ['opus'] },
    { ...OIDC, composition: { a: '', b: '', c: '', d: '', e: '' } },
    { ...X509, token: 'a.b.c' },
    { ...X509, signature: undefined as unknown as Json },
  ]
  for (const body of bad) {
    assert.throws(() => parseAttestRequest(body), { code: 'identity.request' })
  }
  for (const body of [null, TEXTS, { ...TEXTS, attestor: 'oidc' }, X509] as Json[]) {
    assert.throws(() => parseChallengeRequest(body), { code: 'identity.request' })
  }
  assert.throws(() => parseChallenge({ challenge: 1 }), { code: 'identity.answer' })
})

test('no JSON makes the parsers do anything but answer or refuse, and no refusal quotes it', () => {
  const secret = 'do-not-tell'
  const value = fc.oneof(
    fc.jsonValue(),
    fc.record({ attestor: fc.constantFrom('oidc', 'x509pop'), token: fc.jsonValue() }),
  )
  fc.assert(
    fc.property(value, (body) => {
      for (const parse of [parseAttestRequest, parseChallengeRequest]) {
        try {
          parse({ [secret]: secret, ...(body as Record<string, Json>) } as Json)
        } catch (error) {
          assert.ok(error instanceof Fault && error.code === 'identity.request')
          assert.ok(!error.detail.includes(secret))
        }
      }
    }),
  )
})
