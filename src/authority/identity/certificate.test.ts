// Holds tests of certificates: OpenSSL, Node and @peculiar/x509 read what we write, and agree on what it says.

import 'reflect-metadata'
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import * as peculiar from '@peculiar/x509'
import fc from 'fast-check'
import { systemClock } from '../../std/clock.ts'
import { systemEntropy } from '../../std/entropy.ts'
import { pem } from '../../std/pem.ts'
import { fakeSigner, p256, spkiOf } from '../../../test/fakes/identity.ts'
import { issueRoot, issuer, issueServer, issueSvid, leafValidity, serialOf } from './certificate.ts'

const INSTANCE = '01890000-0000-7000-8000-000000000001'
const DAY = 86_400_000
const now = systemClock.now()
const by = issuer('bailiwick.test', fakeSigner('ES256'), systemEntropy)
const root = issueRoot(by, { notBefore: now - 60_000, notAfter: now + 3650 * DAY })
const svid = issueSvid(
  by,
  { agent: 'mail-sorter', instance: INSTANCE, publicKey: spkiOf(p256()) },
  leafValidity(now, 3_600_000),
)
const server = issueServer(
  by,
  { role: 'gateway', publicKey: spkiOf(p256()) },
  leafValidity(now, 3_600_000),
)

test('openssl verifies the chains, for clients and servers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bailiwick-x509-'))
  try {
    const write = (name: string, der: Uint8Array): string => {
      writeFileSync(join(folder, name), pem('CERTIFICATE', der))
      return join(folder, name)
    }
    const ca = write('ca.pem', root)
    const strict = ['verify', '-x509_strict', '-CAfile', ca]
    for (const purpose of ['sslclient', 'sslserver']) {
      const out = execFileSync(
        'openssl',
        [...strict, '-purpose', purpose, write('svid.pem', svid)],
        { encoding: 'utf8' },
      )
      assert.match(out, /: OK/)
    }
    execFileSync('openssl', [
      ...strict,
      '-purpose',
      'sslserver',
      '-verify_hostname',
      'localhost',
      write('server.pem', server),
    ])
    execFileSync('openssl', [...strict, '-verify_ip', '127.0.0.1', write('server.pem', server)])
    execFileSync('openssl', [...strict, '-verify_ip', '::1', write('server.pem', server)])
    const text = execFileSync(
      'openssl',
      ['x509', '-noout', '-text', '-in', join(folder, 'svid.pem')],
      {
        encoding: 'utf8',
      },
    )
    assert.match(text, /X509v3 Key Usage: critical\s+Digital Signature\n/)
    assert.match(text, /X509v3 Basic Constraints: critical\s+CA:FALSE/)
    assert.match(text, /TLS Web Server Authentication, TLS Web Client Authentication/)
    const rootText = execFileSync('openssl', ['x509', '-noout', '-text', '-in', ca], {
      encoding: 'utf8',
    })
    assert.match(rootText, /X509v3 Key Usage: critical\s+Certificate Sign, CRL Sign\n/)
    assert.match(rootText, /X509v3 Basic Constraints: critical\s+CA:TRUE, pathlen:0/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('X509-SVID §2: exactly one URI SAN, which is the SPIFFE ID, and no other name', () => {
  const read = new X509Certificate(svid)
  assert.equal(read.subjectAltName, `URI:spiffe://bailiwick.test/agent/mail-sorter/${INSTANCE}`)
  assert.ok(!read.subject)
  assert.equal(read.ca, false)
  assert.ok(read.verify(new X509Certificate(root).publicKey))
  assert.ok(read.checkIssued(new X509Certificate(root)))
})

test('X509-SVID §4: the root is an authority with the trust domain as its name', () => {
  const read = new X509Certificate(root)
  assert.equal(read.subjectAltName, 'URI:spiffe://bailiwick.test')
  assert.equal(read.ca, true)
  assert.ok(read.verify(read.publicKey))
})

test('@peculiar/x509 finds the same extensions', () => {
  const read = new peculiar.X509Certificate(Buffer.from(svid))
  const alt = read.getExtension(peculiar.SubjectAlternativeNameExtension)
  assert.equal(alt?.critical, true, 'RFC 5280 §4.2.1.6: critical where the subject is empty')
  assert.deepEqual(
    alt.names.items.map((name) => name.type),
    ['url'],
  )
  const constraints = read.getExtension(peculiar.BasicConstraintsExtension)
  assert.deepEqual([constraints?.ca, constraints?.critical], [false, true])
  const usage = read.getExtension(peculiar.KeyUsagesExtension)
  assert.equal(usage?.usages, peculiar.KeyUsageFlags.digitalSignature)
  const issued = read.getExtension(peculiar.AuthorityKeyIdentifierExtension)
  const signer = new peculiar.X509Certificate(Buffer.from(root)).getExtension(
    peculiar.SubjectKeyIdentifierExtension,
  )
  assert.equal(issued?.keyId, signer?.keyId)
})

test('INV-8 a leaf never holds longer than an hour, nor past the end of its instance', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1_700_000_000_000, max: 2_600_000_000_000 }),
      fc.integer({ min: 1, max: 10 * 3_600_000 }),
      fc.integer({ min: 0, max: 5_000_000 }),
      (at, life, left) => {
        const { notBefore, notAfter } = leafValidity(at, life, at + left)
        assert.ok(notAfter - notBefore <= 3_600_000)
        assert.ok(notAfter <= at + left)
        assert.ok(notBefore < at)
      },
    ),
  )
})

test('validity and serial are read back as they were asked for', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1_577_836_800, max: 4_000_000_000 }),
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      (seconds, random) => {
        fc.pre(random.some((byte) => byte !== 0))
        const fixed = { ...by, entropy: { bytes: () => random } }
        const validity = { notBefore: seconds * 1000, notAfter: seconds * 1000 + 3_600_000 }
        const read = new X509Certificate(issueRoot(fixed, validity))
        assert.equal(read.validFromDate.getTime(), validity.notBefore)
        assert.equal(read.validToDate.getTime(), validity.notAfter)
        assert.equal(BigInt(`0x${serialOf(read.raw)}`), BigInt(`0x${read.serialNumber}`))
        assert.equal(
          BigInt(`0x${read.serialNumber}`),
          BigInt(`0x${Buffer.from(random).toString('hex')}`),
        )
      },
    ),
    { numRuns: 40 },
  )
})

test('a bad trust domain and a key of another kind are refused', () => {
  assert.throws(() => issuer('UPPER/case', fakeSigner('ES256'), systemEntropy), {
    code: 'identity.trust_domain',
  })
  assert.throws(() => issuer('bailiwick.test', fakeSigner('Ed25519'), systemEntropy), TypeError)
})
