// Holds tests of join tokens and of the bodies of the identity listener.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { base64url } from '../std/bytes.ts'
import {
  formatJoinToken,
  parseEnrolRequest,
  parseIssuedIdentity,
  parseJoinToken,
  parseRenewRequest,
} from './identity.ts'

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 })

test('a join token reads back as it was written, and has one spelling', () => {
  fc.assert(
    fc.property(
      bytes32,
      bytes32,
      fc.nat(90),
      fc.string({ maxLength: 1 }),
      (secret, pin, at, put) => {
        const token = { secret, authority: base64url(pin) }
        const text = formatJoinToken(token)
        assert.deepEqual(parseJoinToken(text), token)
        const other = text.slice(0, at) + put + text.slice(at + 1)
        if (other === text) return
        try {
          assert.equal(formatJoinToken(parseJoinToken(other)), other)
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'join_token.malformed')
          assert.ok(!String(error).includes(base64url(secret)))
        }
      },
    ),
  )
})

test('requests take exactly their members, as text', () => {
  assert.deepEqual({ ...parseEnrolRequest({ token: 'a', csr: 'b' }) }, { token: 'a', csr: 'b' })
  assert.deepEqual({ ...parseRenewRequest({ csr: 'b' }) }, { csr: 'b' })
  const composition = { model: 'opus' }
  const said = { token: 'a', csr: 'b', composition }
  assert.deepEqual({ ...parseEnrolRequest(said) }, said)
  for (const wrong of [null, [], 'opus', { model: 1 }, { a: '', b: '', c: '', d: '', e: '' }]) {
    const body = { ...said, composition: wrong }
    assert.throws(() => parseEnrolRequest(body), { code: 'identity.request' })
  }
  for (const body of [null, [], 'x', {}, { csr: 'b' }, { token: 1, csr: 'b' }]) {
    assert.throws(() => parseEnrolRequest(body), { code: 'identity.request' })
  }
  for (const body of [null, {}, { csr: null }, { csr: 'b', instance: 'c' }]) {
    assert.throws(() => parseRenewRequest(body), { code: 'identity.request' })
  }
})

test('an answer may hold more than we know, and nothing less', () => {
  const answer = {
    instance: 'a',
    spiffe_id: 'b',
    certificates: 'c',
    bundle: 'd',
    not_after: 'e',
    renew_after: 'f',
    life_ends: 'g',
  }
  assert.deepEqual({ ...parseIssuedIdentity({ ...answer, newer: [1] }) }, answer)
  for (const name of Object.keys(answer)) {
    assert.throws(() => parseIssuedIdentity({ ...answer, [name]: 1 }), { code: 'identity.answer' })
  }
})
