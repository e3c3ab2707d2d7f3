// Holds tests of the path to a fleet's authority: what is read of certificates of others, and that no changed octet passes.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { AUTHORITY, Fleet, MACHINE, type FleetMember } from '../../../../test/fakes/fleet.ts'
import { systemClock } from '../../../std/clock.ts'
import { Fault } from '../../../std/fault.ts'
import { pem, readPem } from '../../../std/pem.ts'
import { authorityOf, readCertificates, readChain } from './x509-path.ts'
import { readCertificate } from './x509-read.ts'

let fleet: Fleet
let leaf: FleetMember
let now: number

before(() => {
  fleet = new Fleet()
  const names = 'subjectAltName=DNS:a.fleet,DNS:b.fleet,URI:urn:a,email:a@fleet,IP:10.0.0.1'
  leaf = fleet.issue('/O=acme/CN=first/CN=second', [...MACHINE, names])
  now = systemClock.now() + 60_000
})

after(() => fleet[Symbol.dispose]())

function der({ certificate }: FleetMember): Uint8Array {
  return readPem('CERTIFICATE', certificate)[0]!
}

test('RFC 5280 §4.2 names and usages are read as openssl wrote them, and a critical extension that is not understood is told', () => {
  assert.deepEqual(readCertificate(der(leaf)), {
    commonNames: ['first', 'second'],
    dnsNames: ['a.fleet', 'b.fleet'],
    uris: ['urn:a'],
    signsCertificates: false,
    signsData: true,
    forClients: true,
    understood: true,
  })
  const bounded = ['basicConstraints=critical,CA:TRUE,pathlen:1', AUTHORITY[1]!]
  const { signsCertificates, pathLength } = readCertificate(der(fleet.issue('/CN=ca', bounded)))
  assert.deepEqual([signsCertificates, pathLength], [true, 1])
  const constrained = [...AUTHORITY, 'nameConstraints=critical,permitted;DNS:fleet']
  assert.equal(readCertificate(der(fleet.issue('/CN=ca', constrained))).understood, false)
})

test('RFC 5280 §6.1.3 one changed octet anywhere in a certificate leads to no authority', () => {
  const authorities = readCertificates(fleet.root.certificate)
  const good = der(leaf)
  assert.ok(authorityOf(readChain(leaf.certificate), authorities, now))
  for (let at = 0; at < good.length; at++) {
    const changed = Uint8Array.from(good)
    changed[at]! ^= 1 << (at % 8)
    assert.throws(
      () => authorityOf(readChain(pem('CERTIFICATE', changed)), authorities, now),
      (error: unknown) => error instanceof Fault && error.code === 'attest.evidence',
      `octet ${at}`,
    )
  }
})

test('a certificate cut short anywhere is refused with its code', () => {
  const good = der(leaf)
  for (let length = 0; length < good.length; length += 7) {
    assert.throws(() => readChain(pem('CERTIFICATE', good.subarray(0, length))), {
      code: 'attest.evidence',
    })
  }
})
