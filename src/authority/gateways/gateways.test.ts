// Holds tests of the registry of gateways: enrolled once, known by certificates that hold, removed at once, over restarts and older databases.

import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { faultOf, systemNamed, withAuthority } from '../../../test/fakes/authority.ts'
import type { AuthorityHome } from '../../../test/fakes/authority.ts'
import { fakeRequest, fakeSigner, p256 } from '../../../test/fakes/identity.ts'
import { base64url, hex, sha256 } from '../../std/bytes.ts'
import { systemEntropy } from '../../std/entropy.ts'
import { pem } from '../../std/pem.ts'
import type { IssuedGateway } from '../../wire/gateway-identity.ts'
import { parseSpiffeId } from '../../wire/spiffe.ts'
import { issueRoot, issuer } from '../identity/certificate.ts'
import type { Authority } from '../open.ts'
import type { Issuing } from './certified.ts'
import { replayGateways } from './gateway-replay.ts'
import type { Gateway } from './gateways.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** A root that signs, for as long as tests run. */
function rootOf(now: number): Issuing {
  const by = issuer('bailiwick.test', fakeSigner('ES256'), systemEntropy)
  const validity = { notBefore: now - MINUTE, notAfter: now + 3_650 * DAY }
  const der = issueRoot(by, validity)
  const fingerprint = base64url(sha256(der))
  const root = { issuer: by, trustDomain: 'bailiwick.test', fingerprint, ...validity }
  return {
    active: root,
    serving: root,
    pems: () => pem('CERTIFICATE', der),
    trusts: (asked: string) => asked === fingerprint,
  } as unknown as Issuing
}

interface World {
  readonly home: AuthorityHome
  readonly word: { readonly person: string; readonly reason: string }
  readonly roots: Issuing
  authority: Authority
  /** With every change that listeners were told. */
  readonly told: string[]
}

async function withGateways(run: (world: World) => Promise<void>): Promise<void> {
  await withAuthority(async (home, authority) => {
    const { id: person } = await authority.people.create({ name: 'admin', roles: [] })
    for (const name of ['mail', 'crm']) {
      await authority.systems.pin(systemNamed(name), { person, reason: 'a test' })
    }
    const told: string[] = []
    authority.gateways.onChange(({ name, state }) => told.push(`${name} ${state}`))
    const word = { person, reason: 'a test' }
    await run({ home, authority, word, told, roots: rootOf(home.clock.now()) })
  })
}

const csr = (): string => fakeRequest(p256())

function fingerprintOf({ certificates }: Pick<IssuedGateway, 'certificates'>): string {
  return hex(sha256(new X509Certificate(certificates).raw))
}

async function enrolled(world: World, name = 'edge', systems: string[] | null = null) {
  const { authority, roots, word } = world
  const { token } = await authority.gateways.add({ name, systems }, word, roots)
  return authority.gateways.enrol({ token, csr: csr() }, roots)
}

test('a gateway enrols once with its token, and is known by a certificate of an hour for what it is assigned', () =>
  withGateways(async (world) => {
    const { authority, home, roots, told, word } = world
    const { gateways } = authority
    const hosts = ['edge.example.org', '10.0.0.7']
    const added = await gateways.add({ name: 'edge', systems: ['mail'], hosts }, word, roots)
    assert.equal(added.expiresAt, home.clock.now() + 10 * MINUTE)
    assert.equal(gateways.mayReach('edge', 'mail'), false, 'it has not enrolled')
    const key = p256()
    const issued = await gateways.enrol({ token: added.token, csr: fakeRequest(key) }, roots)
    const certificate = new X509Certificate(issued.certificates)
    assert.deepEqual(parseSpiffeId(issued.spiffe_id), {
      kind: 'gateway',
      domain: 'bailiwick.test',
      name: 'edge',
    })
    assert.equal(
      certificate.subjectAltName,
      `URI:${issued.spiffe_id}, DNS:localhost, DNS:bailiwick.localhost, IP Address:127.0.0.1, ` +
        'IP Address:0:0:0:0:0:0:0:1, IP Address:10.0.0.7, DNS:edge.example.org',
    )
    assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'])
    assert.ok(certificate.checkIssued(new X509Certificate(issued.bundle)))
    const [from, to] = [certificate.validFromDate.getTime(), certificate.validToDate.getTime()]
    assert.ok(to - from <= HOUR && to > home.clock.now() + 59 * MINUTE)
    assert.ok(certificate.checkPrivateKey(key))
    assert.equal(gateways.byCertificate(fingerprintOf(issued))?.name, 'edge')
    assert.deepEqual(
      ['mail', 'crm'].map((system) => gateways.mayReach('edge', system)),
      [true, false],
    )
    assert.deepEqual(told, ['edge invited', 'edge invited', 'edge active'])
    assert.ok(!JSON.stringify(home.audit.recorded).includes(added.token.split('.')[1]!))
    home.clock.advance(HOUR)
    assert.equal(gateways.byCertificate(fingerprintOf(issued)), undefined)
  }))

test('of two who come with one token one enrols; that it was shown again is on record once, and changes nothing', () =>
  withGateways(async (world) => {
    const { authority, home, roots, word } = world
    const { gateways } = authority
    const { token } = await gateways.add({ name: 'edge' }, word, roots)
    const come = () => gateways.enrol({ token, csr: csr() }, roots)
    const came = await Promise.allSettled([come(), come(), come()])
    assert.deepEqual(
      came.map(({ status }) => status),
      ['fulfilled', 'rejected', 'rejected'],
    )
    await assert.rejects(come(), faultOf('gateway.token'))
    const types = home.audit.types()
    assert.equal(types.filter((type) => type === 'gateway.enrolled').length, 1)
    assert.equal(types.filter((type) => type === 'gateway.join_token_reused').length, 1)
    const [first] = came
    assert.ok(first?.status === 'fulfilled')
    assert.equal(gateways.byCertificate(fingerprintOf(first.value))?.state, 'active')
    // A start later it is still used.
    await assert.rejects(
      (await home.reopen()).gateways.enrol({ token, csr: csr() }, roots),
      faultOf('gateway.token'),
    )
  }))

test('a token that is past, of another authority or replaced enrols nobody', () =>
  withGateways(async ({ authority, home, roots, word }) => {
    const { gateways } = authority
    const first = await gateways.add({ name: 'edge' }, word, roots)
    const foreign = first.token.replace(/[^.]*$/, base64url(new Uint8Array(32)))
    const second = await gateways.invite('edge', word, roots)
    for (const token of [first.token, foreign]) {
      await assert.rejects(gateways.enrol({ token, csr: csr() }, roots), faultOf('gateway.token'))
    }
    await assert.rejects(
      gateways.enrol({ token: 'bwj1.x', csr: csr() }, roots),
      faultOf('join_token.malformed'),
    )
    home.clock.advance(10 * MINUTE)
    await assert.rejects(
      gateways.enrol({ token: second.token, csr: csr() }, roots),
      faultOf('gateway.token'),
    )
    assert.equal(gateways.get('edge')?.state, 'invited')
  }))

test('what an invited gateway had goes on until it enrols again, and is worth nothing then', () =>
  withGateways(async (world) => {
    const { authority, roots, told, word } = world
    const { gateways } = authority
    const old = await enrolled(world)
    const { token } = await gateways.invite('edge', word, roots)
    assert.equal(gateways.byCertificate(fingerprintOf(old))?.name, 'edge')
    told.length = 0
    const fresh = await gateways.enrol({ token, csr: csr() }, roots)
    assert.deepEqual(told, ['edge invited', 'edge active'], 'what is open by the old one ends')
    assert.equal(gateways.byCertificate(fingerprintOf(old)), undefined)
    assert.equal(gateways.byCertificate(fingerprintOf(fresh))?.name, 'edge')
    await assert.rejects(
      gateways.renewAway(fingerprintOf(old), csr(), roots),
      faultOf('gateway.token'),
    )
  }))

test('INV-8 no key is certified twice, at whatever gateway and however much later', () =>
  withGateways(async (world) => {
    const { authority, home, roots, word } = world
    const { gateways } = authority
    const { token } = await gateways.add({ name: 'edge' }, word, roots)
    const request = csr()
    await gateways.enrol({ token, csr: request }, roots)
    await assert.rejects(gateways.renew('edge', request, roots), faultOf('gateway.key'))
    const other = await gateways.add({ name: 'other' }, word, roots)
    await assert.rejects(
      gateways.enrol({ token: other.token, csr: request }, roots),
      faultOf('gateway.key'),
    )
    await gateways.enrol({ token: other.token, csr: csr() }, roots)
    for (let at = 0; at < 6; at++) {
      home.clock.advance(30 * MINUTE)
      await gateways.renew('edge', csr(), roots)
    }
    await assert.rejects(gateways.renew('edge', request, roots), faultOf('gateway.key'), 'later')
  }))

test('one whose answers get lost keeps what it has, is refused a fifth certificate, and comes back within a week', () =>
  withGateways(async (world) => {
    const { authority, home, roots } = world
    const { gateways } = authority
    const own = fingerprintOf(await enrolled(world))
    for (let at = 0; at < 3; at++) await gateways.renew('edge', csr(), roots)
    await assert.rejects(gateways.renew('edge', csr(), roots), faultOf('gateway.renewals'))
    assert.equal(gateways.byCertificate(own)?.name, 'edge')
    home.clock.advance(6 * DAY)
    assert.equal(gateways.byCertificate(own), undefined)
    const back = await gateways.renewAway(own, csr(), roots)
    assert.equal(gateways.byCertificate(fingerprintOf(back))?.name, 'edge')
    home.clock.advance(8 * DAY)
    await assert.rejects(
      gateways.renewAway(fingerprintOf(back), csr(), roots),
      faultOf('gateway.token'),
    )
  }))

test('INV-5 a removed gateway is out before that is durable, and gets no certificate that was under way', () =>
  withGateways(async (world) => {
    const { authority, home, roots, told, word } = world
    const { gateways } = authority
    const own = fingerprintOf(await enrolled(world))
    const held = Promise.withResolvers<void>()
    home.audit.before = () => held.promise
    const renewing = gateways.renew('edge', csr(), roots)
    const removing = gateways.remove('edge', word)
    assert.equal(gateways.byCertificate(own), undefined)
    assert.equal(gateways.mayReach('edge', 'mail'), false)
    assert.equal(told.at(-1), 'edge removed')
    held.resolve()
    await assert.rejects(renewing, faultOf('gateway.unknown'))
    assert.equal((await removing).state, 'removed')
    home.audit.recover()
    await assert.rejects(gateways.renewAway(own, csr(), roots), faultOf('gateway.token'))
    await assert.rejects(gateways.remove('edge', word), faultOf('gateway.unknown'))
    // The name is free again, for another one.
    await gateways.add({ name: 'edge' }, word, roots)
    await assert.rejects(gateways.renew('edge', csr(), roots), faultOf('gateway.unknown'))
    assert.deepEqual(
      (await home.reopen()).gateways.list().map(({ state }) => state),
      ['invited'],
    )
  }))

test('a removal that cannot be recorded keeps it out all the same, and can be said again', () =>
  withGateways(async (world) => {
    const { authority, home, roots, word } = world
    const { gateways } = authority
    const own = fingerprintOf(await enrolled(world))
    home.audit.fail()
    await assert.rejects(gateways.remove('edge', word), faultOf('audit.unavailable'))
    assert.equal(gateways.byCertificate(own), undefined)
    await assert.rejects(gateways.add({ name: 'edge' }, word, roots), faultOf('gateway.exists'))
    home.audit.recover()
    assert.equal((await gateways.remove('edge', word)).state, 'removed')
    assert.deepEqual((await home.reopen()).gateways.list(), [])
  }))

test('what cannot be is refused, with a code of its own, and nothing is recorded of it', () =>
  withGateways(async ({ authority, home, roots, word }) => {
    const { gateways } = authority
    await gateways.add({ name: 'edge' }, word, roots)
    const before = home.audit.recorded.length
    const add = (of: object) => gateways.add({ name: 'other', ...of }, word, roots)
    for (const name of ['', 'Edge', 'a/b', '../x', 'a--b', 'x'.repeat(64)]) {
      await assert.rejects(add({ name }), faultOf('name.invalid'), name)
    }
    await assert.rejects(add({ name: 'edge' }), faultOf('gateway.exists'))
    await assert.rejects(add({ systems: ['mial'] }), faultOf('system.unknown', /`mail`/))
    await assert.rejects(add({ hosts: ['*.example.org'] }), faultOf('gateway.host'))
    const nobody = [
      gateways.change('egde', { hosts: [] }, word),
      gateways.invite('egde', word, roots),
      gateways.remove('egde', word),
      gateways.renew('egde', csr(), roots),
    ]
    for (const asked of nobody) await assert.rejects(asked, faultOf('gateway.unknown', /`egde`/))
    await assert.rejects(gateways.change('edge', {}, word), faultOf('gateway.nothing'))
    const mute = { ...word, reason: ' ' }
    await assert.rejects(gateways.change('edge', { hosts: [] }, mute), faultOf('reason.required'))
    await assert.rejects(gateways.remove('edge', mute), faultOf('reason.required'))
    assert.equal(gateways.get('edge')?.state, 'invited')
    assert.equal(home.audit.recorded.length, before)
  }))

test('INV-13 an older database gives a gateway nothing back that the log took; an edited row is none', () =>
  withGateways(async (world) => {
    const { home, roots, word } = world
    let { gateways } = world.authority
    const own = fingerprintOf(await enrolled(world))
    const [gone, again] = [await enrolled(world, 'gone'), await enrolled(world, 'again')]
    const waiting = await gateways.add({ name: 'waiting' }, word, roots)
    await gateways.add({ name: 'replaced' }, word, roots)
    await home.store.close()
    const older = await (await home.rows).keep()
    gateways = (await home.reopen()).gateways
    await gateways.remove('gone', word)
    await gateways.change('edge', { systems: ['crm'] }, word)
    await gateways.enrol({ token: waiting.token, csr: csr() }, roots)
    await gateways.invite('replaced', word, roots)
    home.clock.advance(MINUTE)
    const { token } = await gateways.invite('again', word, roots)
    await gateways.enrol({ token, csr: csr() }, roots)
    await home.store.close()
    await older()
    const all = async (): Promise<readonly Gateway[]> => (await home.reopen()).gateways.list()
    const tokens = (list: readonly Gateway[]) => list.filter((one) => one.tokenHash !== undefined)
    assert.deepEqual([(await all()).length, tokens(await all()).length], [5, 2])
    const ports = { audit: home.audit, clock: home.clock, store: home.store }
    assert.equal(await replayGateways(ports), 5)
    assert.equal(await replayGateways(ports), 0, 'once')
    const left = await all()
    assert.deepEqual(
      left.map(({ name }) => name),
      ['again', 'edge', 'replaced', 'waiting'],
    )
    assert.deepEqual([tokens(left), left[1]?.systems], [[], ['crm']])
    gateways = (await home.reopen()).gateways
    assert.equal(gateways.byCertificate(own)?.name, 'edge')
    for (const issued of [gone, again]) {
      assert.equal(gateways.byCertificate(fingerprintOf(issued)), undefined)
    }
    await home.editByHand(`update gateways set doc = replace(doc, '["crm"]', '["crm","mail"]')`)
    assert.equal((await home.reopen()).gateways.get('edge'), undefined)
  }))

test('INV-13 certificates that newer ones have replaced are worth nothing in an older database', () =>
  withGateways(async (world) => {
    const { home, roots } = world
    const first = fingerprintOf(await enrolled(world))
    await home.store.close()
    const older = await (await home.rows).keep()
    const { gateways } = await home.reopen()
    for (let at = 0; at < 4; at++) {
      home.clock.advance(30 * MINUTE)
      await gateways.renew('edge', csr(), roots)
    }
    await home.store.close()
    await older()
    const back = (await home.reopen()).gateways
    assert.equal(back.get('edge')?.certificates.length, 1)
    const ports = { audit: home.audit, clock: home.clock, store: home.store }
    assert.equal(await replayGateways(ports), 1)
    await assert.rejects(
      (await home.reopen()).gateways.renewAway(first, csr(), roots),
      faultOf('gateway.token'),
    )
  }))
