// Holds tests of PEM: round trips, chains, and texts that are refused.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { pem, readPem } from './pem.ts'

test('what is written is read back, one block or many', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 })), (blocks) => {
      const text = blocks.map((block) => pem('CERTIFICATE', block)).join('')
      assert.deepEqual(readPem('CERTIFICATE', text), blocks)
    }),
  )
})

test('lines are of 64 characters, and other line ends are accepted', () => {
  const text = pem('CERTIFICATE', new Uint8Array(100))
  assert.equal(text.split('\n')[1]?.length, 64)
  assert.equal(readPem('CERTIFICATE', text.replaceAll('\n', '\r\n')).length, 1)
})

test('another label, other text, and bad base64 are refused', () => {
  const good = pem('CERTIFICATE', Uint8Array.of(1, 2, 3))
  for (const text of [
    pem('CERTIFICATE REQUEST', Uint8Array.of(1)),
    `hello\n${good}`,
    `${good}hello`,
    good.replace('AQID', 'AQI'),
    good.replace('AQID', 'A QD'),
    good.replace('AQID\n', ''),
    good.slice(0, 40),
  ]) {
    assert.throws(() => readPem('CERTIFICATE', text), { code: 'pem.malformed' }, text)
  }
})
