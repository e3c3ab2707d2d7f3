// Holds attacks on possession of a fleet's certificate: chains that lead nowhere, challenges that are not theirs, names that look like others.

import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { Attesting } from '../fakes/attestation.ts'
import { AUTHORITY, Fleet, MACHINE } from '../fakes/fleet.ts'
import { fakeRequest, p256 } from '../fakes/identity.ts'

const EVIDENCE = { code: 'attest.evidence' }
const MINUTE = 60_000

const PSS = ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:digest']

/** Why a certificate counts for nothing, where its chain is not the reason. */
const WHY: Readonly<Record<string, RegExp>> = {
  'itself an authority': /an authority is no workload/,
  'the root itself': /an authority is no workload/,
  'a chain in another order': /an authority is no workload/,
  'for servers': /not for clients/,
  'for agreeing keys': /not for clients/,
  'a weak key': /a kind that is not taken/,
  'a key that takes long': /a kind that is not taken/,
  'a weak digest in parameters': /a kind that is not taken/,
  'a strange digest in parameters': /a kind that is not taken/,
  'a weak digest': /a kind that is not taken/,
  'a strange curve': /a kind that is not taken/,
  'what nobody understands': /a kind that is not taken/,
  'five of them': /1 to 4 certificates/,
  'no certificate': /1 to 4 certificates/,
  'no PEM': /too large/,
}

let at: Attesting
let fleet: Fleet

beforeEach(async () => {
  at = await Attesting.open()
  fleet = new Fleet()
  const certificates = fleet.root.certificate
  await at.home.authority.trust.add({ name: 'fleet', kind: 'attest-x509', certificates }, at.by)
})

afterEach(async () => {
  await at[Symbol.asyncDispose]()
  fleet[Symbol.dispose]()
})

function live(): number {
  return at.home.identities.list().length
}

test('RFC 5280 §6.1 x509pop: a certificate of another authority, of none, ended, of an authority, or not for clients is nobody', async () => {
  await at.register(['x509pop:san:dns:build.fleet'], 'fleet')
  const name = 'subjectAltName=DNS:build.fleet'
  using stranger = new Fleet('fleet')
  const below = fleet.issue('/CN=below', AUTHORITY)
  const chained = fleet.issue('/CN=b', [...MACHINE, name], { by: below })
  const leafAsAuthority = fleet.issue('/CN=leaf', [...MACHINE, name])
  const narrow = fleet.issue('/CN=n', [
    'basicConstraints=critical,CA:TRUE,pathlen:0',
    AUTHORITY[1]!,
  ])
  const tooDeep = fleet.issue('/CN=d', AUTHORITY, { by: narrow })
  const deep = fleet.issue('/CN=b', [...MACHINE, name], { by: tooDeep })
  const signless = fleet.issue('/CN=s', [
    'basicConstraints=critical,CA:TRUE',
    'keyUsage=critical,digitalSignature',
  ])
  const forServers = fleet.issue('/CN=w', [...AUTHORITY, 'extendedKeyUsage=serverAuth'])
  const rsa = fleet.issue('/CN=rsa', AUTHORITY, { key: ['rsa:2048'] })
  const bad = {
    'another authority of the same name': stranger.issue('/CN=b', [...MACHINE, name]),
    'itself an authority': fleet.issue('/CN=b', [...AUTHORITY, name]),
    'the root itself': fleet.root,
    'for servers': fleet.issue('/CN=b', [MACHINE[0]!, 'extendedKeyUsage=serverAuth', name]),
    'for agreeing keys': fleet.issue('/CN=b', [MACHINE[0]!, 'keyUsage=keyAgreement', name]),
    'a weak key': fleet.issue('/CN=b', [...MACHINE, name], { key: ['rsa:1024'] }),
    'a weak digest': fleet.issue('/CN=b', [...MACHINE, name], { digest: 'sha1' }),
    'a key that takes long': fleet.issue('/CN=b', [...MACHINE, name], {
      key: ['rsa:2048', '-pkeyopt', 'rsa_keygen_pubexp:1099511627777'],
    }),
    'a weak digest in parameters': with_(
      fleet.issue('/CN=b', [...MACHINE, name], { by: rsa, digest: 'sha1', sign: PSS }),
      rsa,
    ),
    'a strange digest in parameters': with_(
      fleet.issue('/CN=b', [...MACHINE, name], { by: rsa, digest: 'sha224', sign: PSS }),
      rsa,
    ),
    'a strange curve': fleet.issue('/CN=b', [...MACHINE, name], {
      key: ['ec', '-pkeyopt', 'ec_paramgen_curve:secp256k1'],
    }),
    'what nobody understands': fleet.issue('/CN=b', [
      ...MACHINE,
      name,
      '1.2.3.4=critical,ASN1:NULL',
    ]),
    'no intermediate': chained,
    'a machine as an authority': with_(
      fleet.issue('/CN=b', [...MACHINE, name], { by: leafAsAuthority }),
      leafAsAuthority,
    ),
    'an authority that may not sign': with_(
      fleet.issue('/CN=b', [...MACHINE, name], { by: signless }),
      signless,
    ),
    'an authority for servers': with_(
      fleet.issue('/CN=b', [...MACHINE, name], { by: forServers }),
      forServers,
    ),
    'longer than the path may be': with_(deep, tooDeep, narrow),
    'a chain in another order': {
      ...chained,
      certificate: below.certificate + chained.certificate,
    },
    'five of them': with_(chained, below, below, below, below),
    'no certificate': { ...chained, certificate: '' },
    'no PEM': { ...chained, certificate: 'x'.repeat(40_000) },
  }
  for (const [why, member] of Object.entries(bad)) {
    const { [why]: detail = /not of an authority of this source/ } = WHY
    await assert.rejects(at.byCertificate(member), { ...EVIDENCE, detail }, why)
  }
  const good = with_(chained, below)
  const issued = await at.byCertificate(good)
  assert.match(issued.spiffe_id, /\/agent\/builder\//)
  await at.byCertificate(
    with_(fleet.issue('/CN=b', [...MACHINE, name], { by: rsa, sign: PSS }), rsa),
  )
  at.home.clock.advance(25 * 3_600_000)
  await assert.rejects(at.byCertificate(good), EVIDENCE, 'ended')
  at.home.clock.advance(-50 * 3_600_000)
  await assert.rejects(at.byCertificate(good), EVIDENCE, 'not yet')
})

test('x509pop: a challenge counts once, for one request and one source, for a minute, and only signed by the key', async () => {
  await at.register(['x509pop:subject:cn:builder'], 'fleet')
  const certificates = fleet.root.certificate
  await at.home.authority.trust.add({ name: 'again', kind: 'attest-x509', certificates }, at.by)
  const machine = fleet.issue('/CN=builder')
  const other = fleet.issue('/CN=other')
  const csr = fakeRequest(p256())
  const asked = { attestor: 'x509pop', source: 'fleet', csr } as const
  const { challenge } = at.attestors.challenge(asked)
  const forRequest = { csr, challenge }
  await assert.rejects(at.byCertificate(machine, { challenge }), EVIDENCE, 'another request')
  await assert.rejects(at.byCertificate(machine, forRequest, 'again'), EVIDENCE, 'another source')
  await assert.rejects(at.byCertificate(machine, { ...forRequest, signedFor: 'x' }), EVIDENCE)
  await assert.rejects(at.byCertificate({ ...machine, key: other.key }, forRequest), EVIDENCE)
  const [, random, mark] = challenge.split('.')
  for (const forged of [
    `${at.now + 3_600_000}.${random}.${mark}`,
    `${challenge}.x`,
    challenge.slice(0, -1),
    'x.y.z',
    '',
  ]) {
    await assert.rejects(at.byCertificate(machine, { csr, challenge: forged }), EVIDENCE)
  }
  const answers = await Promise.allSettled(
    Array.from({ length: 10 }, () => at.byCertificate(machine, forRequest)),
  )
  assert.equal(answers.filter(({ status }) => status === 'fulfilled').length, 1)
  assert.equal(live(), 1)
  const late = at.attestors.challenge(asked)
  at.home.clock.advance(MINUTE)
  await assert.rejects(at.byCertificate(machine, { csr, challenge: late.challenge }), EVIDENCE)
})

test('x509pop: names that hold separators are names, and select nothing else', async () => {
  await at.register(['x509pop:san:dns:admin.fleet'], 'fleet')
  await at.register(['x509pop:subject:cn:admin'], 'fleet')
  const bad = [
    fleet.issue('/CN=x', [...MACHINE, 'subjectAltName=DNS:a\\, DNS:admin.fleet.evil']),
    fleet.issue('/CN=x', [...MACHINE, 'subjectAltName=URI:x://a, email:admin.fleet@x']),
    fleet.issue('/O=admin/CN=x'),
    fleet.issue('/CN=x\\/CN=admin'),
    fleet.issue('/CN=admin:x'),
  ]
  for (const member of bad) {
    await assert.rejects(at.byCertificate(member), { code: 'attest.unregistered' })
  }
  await at.byCertificate(fleet.issue('/CN=x', [...MACHINE, 'subjectAltName=DNS:ADMIN.fleet']))
  await at.byCertificate(fleet.issue('/O=acme/CN=admin', MACHINE, { key: ['rsa:2048'] }))
  assert.equal(live(), 2)
})

/** A member that shows these certificates after its own. */
function with_<M extends { readonly certificate: string }>(
  member: M,
  ...more: readonly { readonly certificate: string }[]
): M {
  return { ...member, certificate: [member, ...more].map((one) => one.certificate).join('') }
}
