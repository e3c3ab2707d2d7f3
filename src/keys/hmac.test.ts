// Holds the tests of commitments: they are HMAC-SHA-256 as everybody else computes it, whatever the text.

import assert from 'node:assert/strict'
import { createHmac, randomBytes } from 'node:crypto'
import { test } from 'node:test'

import fc from 'fast-check'

import { hmacSha256 } from './hmac.ts'

test('RFC 2104 §2 a commitment is the HMAC of the text, and holds nothing of the text before it', () => {
  const key = randomBytes(32)
  const ours = hmacSha256(key)
  const theirs = (text: string): string =>
    createHmac('sha256', key).update(text).digest('base64url')
  const texts = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.string({ minLength: 8_000 }),
  )
  fc.assert(fc.property(texts, (text) => assert.equal(ours(text), theirs(text))))
  for (const length of [0, 1, 63, 64, 4_095, 4_096, 4_097, 100_000, 1]) {
    assert.equal(ours('a'.repeat(length)), theirs('a'.repeat(length)))
    assert.equal(ours('é'.repeat(length)), theirs('é'.repeat(length)))
  }
})

test('RFC 4231 §4.3 the key of another length is filled up with zeros', () => {
  assert.equal(
    Buffer.from(
      hmacSha256(Buffer.from('Jefe'))('what do ya want for nothing?'),
      'base64url',
    ).toString('hex'),
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  )
})
