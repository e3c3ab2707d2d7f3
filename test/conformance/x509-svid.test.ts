// Holds X509-SVID, one test per MUST that issuing has to keep: over certificates as holders get them, read by other people's code.

import 'reflect-metadata'
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import * as peculiar from '@peculiar/x509'
import { issueServer, leafValidity } from '../../src/authority/identity/certificate.ts'
import { systemClock } from '../../src/std/clock.ts'
import { readPem, pem } from '../../src/std/pem.ts'
import { openDistrict, PERSON, type District } from '../fakes/district.ts'
import { fakeRequest, p256, spkiOf } from '../fakes/identity.ts'

const { keyCertSign, cRLSign, digitalSignature } = peculiar.KeyUsageFlags
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'

let district: District
let folder: string
let leaves: Readonly<Record<string, peculiar.X509Certificate>>
let roots: readonly peculiar.X509Certificate[]
let ids: Readonly<Record<string, string>>

before(async () => {
  district = await openDistrict(systemClock.now())
  folder = mkdtempSync(join(tmpdir(), 'bailiwick-conformance-'))
  const first = await enrol('mail-sorter', PERSON)
  await district.roots.rotate({ person: PERSON, reason: 'a second root', now: true })
  const second = await enrol('night-watch')
  const validity = leafValidity(systemClock.now(), 3_600_000)
  const listener = issueServer(
    district.root.issuer,
    { role: 'gateway', publicKey: spkiOf(p256()) },
    validity,
  )
  leaves = {
    'of the first root': read(first.certificates),
    'of the second root': read(second.certificates),
    'of a listener': read(pem('CERTIFICATE', listener)),
  }
  ids = {
    'of the first root': first.spiffe_id,
    'of the second root': second.spiffe_id,
    'of a listener': 'spiffe://bailiwick.test/bailiwick/gateway',
  }
  roots = district.roots.trusted.map((root) => read(root.pem))
  writeFileSync(join(folder, 'bundle.pem'), second.bundle)
})

after(async () => {
  rmSync(folder, { recursive: true })
  await district[Symbol.asyncDispose]()
})

async function enrol(agent: string, person?: string) {
  const of = person === undefined ? { agent, by: PERSON } : { agent, person, by: PERSON }
  const { token } = await district.identities.issueJoinToken(of)
  return district.identities.enrol({ token, csr: fakeRequest(p256()) })
}

function read(text: string): peculiar.X509Certificate {
  return new peculiar.X509Certificate(Buffer.from(readPem('CERTIFICATE', text)[0]!))
}

function names(certificate: peculiar.X509Certificate): readonly { type: string; value: string }[] {
  const found = certificate.getExtension(peculiar.SubjectAlternativeNameExtension)
  return found?.names.items ?? []
}

function openssl(...words: string[]): string {
  return execFileSync('openssl', words, { encoding: 'utf8', stdio: 'pipe' })
}

function file(name: string, certificate: peculiar.X509Certificate): string {
  const path = join(folder, `${name.replaceAll(' ', '-')}.pem`)
  writeFileSync(path, certificate.toString('pem'))
  return path
}

test('X509-SVID §2 exactly one URI SAN, which is the SPIFFE ID; an agent has no other name of any kind', () => {
  for (const [which, leaf] of Object.entries(leaves)) {
    const uris = names(leaf).filter(({ type }) => type === 'url')
    assert.deepEqual(
      uris.map(({ value }) => value),
      [ids[which]],
      which,
    )
    if (which !== 'of a listener') assert.equal(names(leaf).length, 1, which)
    const text = openssl('x509', '-noout', '-ext', 'subjectAltName', '-in', file(which, leaf))
    assert.equal(text.match(/URI:/g)?.length, 1)
  }
})

test('X509-SVID §3.1 the ID of a leaf has a path; the SAN is critical because there is no subject', () => {
  for (const [which, leaf] of Object.entries(leaves)) {
    assert.match(ids[which]!, /^spiffe:\/\/bailiwick\.test\/[a-z]+\/[a-z0-9/-]+$/)
    assert.equal(leaf.subject, '', which)
    assert.equal(leaf.getExtension(peculiar.SubjectAlternativeNameExtension)?.critical, true)
  }
})

test('X509-SVID §3.2 the ID of a signing certificate has no path, and is the trust domain of its leaves', () => {
  assert.equal(roots.length, 2)
  for (const root of roots) {
    assert.deepEqual(
      names(root).map(({ type, value }) => [type, value]),
      [['url', 'spiffe://bailiwick.test']],
    )
  }
})

test('X509-SVID §4.1 cA is true for roots, with no authority below them, and false for leaves', () => {
  for (const root of roots) {
    const found = root.getExtension(peculiar.BasicConstraintsExtension)
    assert.deepEqual([found?.ca, found?.pathLength, found?.critical], [true, 0, true])
  }
  for (const leaf of Object.values(leaves)) {
    const found = leaf.getExtension(peculiar.BasicConstraintsExtension)
    assert.deepEqual([found?.ca, found?.pathLength], [false, undefined])
  }
})

test('X509-SVID §4.3 key usage is there and critical: keyCertSign for roots, digitalSignature and neither of the others for leaves', () => {
  for (const root of roots) {
    const found = root.getExtension(peculiar.KeyUsagesExtension)
    assert.equal(found?.critical, true)
    assert.equal(found.usages, keyCertSign | cRLSign)
  }
  for (const leaf of Object.values(leaves)) {
    const found = leaf.getExtension(peculiar.KeyUsagesExtension)
    assert.equal(found?.critical, true)
    assert.equal(found.usages, digitalSignature)
  }
})

test('X509-SVID §4.4 extended key usage of a leaf is serverAuth and clientAuth', () => {
  for (const leaf of Object.values(leaves)) {
    const found = leaf.getExtension(peculiar.ExtendedKeyUsageExtension)
    assert.deepEqual([...(found?.usages ?? [])], [SERVER_AUTH, CLIENT_AUTH])
  }
})

test('X509-SVID §5.1 openssl validates every leaf strictly, over a bundle of both roots, and under neither as an authority', () => {
  const strict = ['verify', '-x509_strict', '-CAfile', join(folder, 'bundle.pem')]
  for (const [which, leaf] of Object.entries(leaves)) {
    for (const purpose of ['sslclient', 'sslserver']) {
      assert.match(openssl(...strict, '-purpose', purpose, file(which, leaf)), /: OK\n$/)
    }
    assert.throws(() => openssl('verify', '-CAfile', file('leaf as root', leaf), file(which, leaf)))
    const text = openssl('x509', '-noout', '-text', '-in', file(which, leaf))
    assert.match(text, /Version: 3 .*Signature Algorithm: ecdsa-with-SHA256/s)
    assert.doesNotMatch(text, /Netscape|CPS|Policy|CRL Distribution/)
  }
  for (const root of roots) {
    assert.match(openssl(...strict, file('root', root)), /: OK\n$/)
  }
})

test('X509-SVID §5.1 RFC 5280 §4.1.2.2 serial numbers are positive, at most twenty octets, and never the same', () => {
  const all = [...Object.values(leaves), ...roots].map(({ serialNumber }) => serialNumber)
  assert.equal(new Set(all).size, all.length)
  for (const serial of all) assert.ok(serial.length <= 40 && BigInt(`0x${serial}`) > 0n)
})
