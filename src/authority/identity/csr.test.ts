// Holds tests of certificate requests: proof of possession, and everything that is refused rather than ignored.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  context,
  der,
  integer,
  oid,
  sequence,
  set,
  TAG,
  TRUE,
  octetString,
  utf8String,
  contextPrimitive,
} from '../../std/der.ts'
import { Fault } from '../../std/fault.ts'
import { pem, readPem } from '../../std/pem.ts'
import { utf8 } from '../../std/bytes.ts'
import { fakeRequest, p256, spkiOf } from '../../../test/fakes/identity.ts'
import { checkRequest } from './csr.ts'

const SUBJECT = sequence(set(sequence(oid('2.5.4.3'), utf8String('root'))))

function wanting(...extensions: readonly Uint8Array[]): Uint8Array {
  return context(0, sequence(oid('1.2.840.113549.1.9.14'), set(sequence(...extensions))))
}

test('a request of ours, and one by openssl, give their key and nothing else', () => {
  const key = p256()
  assert.deepEqual(checkRequest(fakeRequest(key)), { publicKey: spkiOf(key) })
  const folder = mkdtempSync(join(tmpdir(), 'bailiwick-csr-'))
  const config = join(folder, 'req.cnf')
  writeFileSync(config, '[req]\ndistinguished_name=dn\n[dn]\n')
  const made = execFileSync(
    'openssl',
    [
      'req',
      '-new',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      join(folder, 'key.pem'),
      '-subj',
      '/',
      '-config',
      config,
    ],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  )
  rmSync(folder, { recursive: true })
  assert.equal(checkRequest(made).publicKey.length, 91)
  const ed25519 = generateKeyPairSync('ed25519').privateKey
  assert.deepEqual(checkRequest(fakeRequest(ed25519)), { publicKey: spkiOf(ed25519) })
})

test('names, extra SANs and a CA flag are refused, not dropped', () => {
  const uri = contextPrimitive(6, utf8('spiffe://bailiwick.test/agent/other/1'))
  for (const parts of [
    { subject: SUBJECT },
    { attributes: wanting(sequence(oid('2.5.29.17'), octetString(sequence(uri)))) },
    { attributes: wanting(sequence(oid('2.5.29.19'), TRUE, octetString(sequence(TRUE)))) },
  ]) {
    assert.throws(() => checkRequest(fakeRequest(p256(), parts)), { code: 'identity.csr_names' })
  }
})

test('a request signed by another key proves nothing', () => {
  assert.throws(() => checkRequest(fakeRequest(p256(), { signedBy: p256() })), {
    code: 'identity.csr_signature',
  })
})

test('keys of other kinds are refused', () => {
  const others = [
    generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey,
    generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
  ]
  for (const key of others) {
    assert.throws(() => checkRequest(fakeRequest(key)), { code: 'identity.csr_key' })
  }
})

test('a key that is no point of the curve is refused', () => {
  const key = p256()
  const [good] = readPem('CERTIFICATE REQUEST', fakeRequest(key))
  const spki = spkiOf(key)
  const at = Buffer.from(good!).indexOf(spki) + spki.length - 1
  const bad = Uint8Array.from(good!, (byte, i) => (i === at ? byte ^ 1 : byte))
  assert.throws(() => checkRequest(pem('CERTIFICATE REQUEST', bad)), { code: 'identity.csr_key' })
})

test('malformed texts get a code', () => {
  const good = fakeRequest(p256())
  const part = (bytes: Uint8Array): string => pem('CERTIFICATE REQUEST', bytes)
  for (const text of [
    '',
    'hello',
    good + good,
    `${'x'.repeat(9_000)}`,
    part(Uint8Array.of(0x30, 0x80, 0, 0)),
    part(sequence()),
    part(sequence(sequence(), sequence(), sequence(), sequence())),
    part(sequence(sequence(integer(Uint8Array.of(1))), sequence(), der(TAG.bitString))),
  ]) {
    assert.throws(() => checkRequest(text), { code: 'identity.csr_malformed' })
  }
})

test('one changed octet anywhere is refused', () => {
  const [good] = readPem('CERTIFICATE REQUEST', fakeRequest(p256()))
  fc.assert(
    fc.property(fc.nat(good!.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const bad = Uint8Array.from(good!, (byte, i) => (i === at ? byte ^ flip : byte))
      assert.throws(
        () => checkRequest(pem('CERTIFICATE REQUEST', bad)),
        (error) => error instanceof Fault && error.code.startsWith('identity.csr_'),
      )
    }),
    { numRuns: 1_000 },
  )
})
