// Holds tests of roots: made once, rotated with overlap, recovered after a sleep, distrusted without overlap.

import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemEntropy } from '../../std/entropy.ts'
import { openStore } from '../../store/open.ts'
import { FakeAudit } from '../../../test/fakes/audit.ts'
import { FakeClock } from '../../../test/fakes/clock.ts'
import { fakeRootKeys, fakeSigner, fakeTokenKey, FakeTimer } from '../../../test/fakes/identity.ts'
import { issuer } from './certificate.ts'
import { makeRoot } from './root.ts'
import { Roots, type RootsPorts } from './roots.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const DOMAIN = 'bailiwick.test'
const BY = { person: 'per_0', reason: 'it is time' }

interface Ground extends AsyncDisposable {
  readonly home: string
  readonly audit: FakeAudit
  readonly clock: FakeClock
  readonly timer: FakeTimer
  readonly ports: RootsPorts
  readonly troubles: unknown[]
}

async function ground(of: Partial<RootsPorts> = {}): Promise<Ground> {
  const home = mkdtempSync(join(tmpdir(), 'bailiwick-roots-'))
  chmodSync(home, 0o700)
  const store = await openStore({ directory: home, signer: fakeSigner('Ed25519') })
  const [audit, clock, timer] = [new FakeAudit(), new FakeClock(), new FakeTimer()]
  const troubles: unknown[] = []
  const ports: RootsPorts = {
    store,
    audit,
    clock,
    timer,
    keys: fakeRootKeys(fakeSigner('ES256')),
    tokens: fakeTokenKey(),
    trustDomain: DOMAIN,
    entropy: systemEntropy,
    onTrouble: (error) => void troubles.push(error),
    ...of,
  }
  return {
    home,
    audit,
    clock,
    timer,
    ports,
    troubles,
    [Symbol.asyncDispose]: async () => {
      await store.close()
      rmSync(home, { recursive: true })
    },
  }
}

const states = (roots: Roots) => roots.list().map((root) => root.state)
const keysIn = (roots: Roots) => (roots.bundle()['keys'] as { use: string }[]).map((key) => key.use)

test('a new home has one root, recorded first, and finds it again', async () => {
  await using at = await ground()
  const roots = await Roots.open(at.ports)
  const { fingerprint, pem, place } = roots.active
  assert.equal(place, 1)
  assert.deepEqual(states(roots), ['active'])
  assert.deepEqual(at.audit.types(), ['authority.root_issued'])
  assert.equal(at.audit.last('authority.root_issued').body['fingerprint'], fingerprint)
  await roots.close()
  const again = await Roots.open(at.ports)
  assert.equal(again.active.pem, pem)
  assert.equal(again.sequence, 1)
  assert.equal(at.audit.recorded.length, 1)
  await again.close()
})

test('a root that cannot be recorded is not there', async () => {
  await using at = await ground()
  at.audit.fail()
  await assert.rejects(Roots.open(at.ports), { code: 'audit.unavailable' })
  at.audit.recover()
  const roots = await Roots.open(at.ports)
  assert.deepEqual(states(roots), ['active'])
  await roots.close()
})

test('the root of an older home is adopted, once, and one of another key or domain is refused', async () => {
  await using at = await ground()
  const legacyPath = join(at.home, 'ca.pem')
  const ports = { ...at.ports, legacyPath }
  const mismatch = { code: 'identity.root_mismatch' }
  const made = (domain: string, signer = ports.keys.first!) =>
    makeRoot(issuer(domain, signer, systemEntropy), at.clock.now()).pem
  for (const text of ['', 'hello', made('other.test'), made(DOMAIN, fakeSigner('ES256'))]) {
    writeFileSync(legacyPath, text)
    await assert.rejects(Roots.open(ports), mismatch)
  }
  const old = made(DOMAIN)
  writeFileSync(legacyPath, old)
  const roots = await Roots.open(ports)
  assert.equal(roots.active.pem, old)
  assert.deepEqual(at.audit.types(), ['authority.root_adopted'])
  await roots.close()
  writeFileSync(legacyPath, made('other.test'))
  const again = await Roots.open(ports)
  assert.equal(again.active.pem, old, 'the row is what counts from then on')
  await again.close()
})

test('a rotation publishes, then signs, then retires, then forgets; the sequence grows with the bundle', async () => {
  await using at = await ground()
  const roots = await Roots.open(at.ports)
  const first = roots.active
  let changes = 0
  roots.onChange(() => changes++)
  const rotation = await roots.rotate({ ...BY, now: false })
  assert.equal(rotation.state, 'prepared')
  assert.equal(rotation.signsFrom, at.clock.now() + 5 * MINUTE)
  assert.deepEqual(states(roots), ['active', 'prepared'])
  assert.equal(roots.active.fingerprint, first.fingerprint)
  assert.ok(roots.trusts(rotation.fingerprint))
  assert.deepEqual(keysIn(roots), ['x509-svid', 'x509-svid', 'jwt-svid'])
  assert.equal(roots.sequence, 2)
  assert.equal(changes, 1)
  // Asked again, the same rotation goes on.
  assert.deepEqual(await roots.rotate({ ...BY, now: false }), rotation)

  at.clock.advance(5 * MINUTE - 1)
  await roots.sweep()
  assert.equal(roots.active.fingerprint, first.fingerprint)
  at.clock.advance(1)
  await roots.sweep()
  assert.deepEqual(states(roots), ['retired', 'active'])
  assert.equal(roots.active.fingerprint, rotation.fingerprint)
  assert.equal(roots.sequence, 2, 'the keys of the bundle are the same')
  assert.equal(roots.serving.fingerprint, first.fingerprint)
  at.clock.advance(HOUR)
  assert.equal(roots.serving.fingerprint, rotation.fingerprint)
  at.clock.advance(15 * MINUTE - 1)
  await roots.sweep()
  assert.ok(roots.trusts(first.fingerprint))
  at.clock.advance(1)
  await roots.sweep()
  assert.deepEqual(states(roots), ['ended', 'active'])
  assert.equal(roots.trusts(first.fingerprint), false)
  assert.equal(roots.trusts(undefined), false, 'leaves of old rows are of the first root')
  assert.equal(roots.sequence, 3)
  assert.equal(at.ports.keys.first, undefined)
  assert.deepEqual(await at.ports.keys.list(), [roots.list()[1]!.keyId])
  assert.deepEqual(at.audit.types(), [
    'authority.root_issued',
    'authority.root_prepared',
    'authority.root_activated',
    'authority.root_ended',
  ])
  assert.equal(at.audit.last('authority.root_prepared').person, 'per_0')
  await roots.close()
  const again = await Roots.open(at.ports)
  assert.equal(again.sequence, 3)
  assert.equal(again.active.fingerprint, rotation.fingerprint)
  await again.close()
})

test('a rotation goes on over a restart, and with `now` it does not wait', async () => {
  await using at = await ground()
  const roots = await Roots.open(at.ports)
  const { fingerprint } = await roots.rotate({ ...BY, now: false })
  await roots.close()
  at.clock.advance(6 * MINUTE)
  const again = await Roots.open(at.ports)
  assert.equal(again.active.fingerprint, fingerprint)
  const next = await again.rotate({ ...BY, now: true })
  assert.equal(next.state, 'active')
  assert.equal(again.active.fingerprint, next.fingerprint)
  assert.deepEqual(states(again), ['retired', 'retired', 'active'])
  await again.rotate({ ...BY, now: true })
  await again.rotate({ ...BY, now: true })
  await assert.rejects(again.rotate({ ...BY, now: true }), { code: 'identity.too_many_roots' })
  await again.close()
})

test('a root is rotated by itself when most of its life is over', async () => {
  await using at = await ground()
  const roots = await Roots.open(at.ports)
  const { notBefore, notAfter } = roots.active
  at.clock.setWall(notBefore + (notAfter - notBefore) * 0.8 - 1_000)
  at.timer.fire()
  await roots.sweep()
  assert.deepEqual(states(roots), ['active'])
  at.clock.advance(1_000)
  await roots.sweep()
  assert.deepEqual(states(roots), ['active', 'prepared'])
  assert.equal(at.audit.last('authority.root_prepared').person, undefined)
  await roots.close()
  assert.deepEqual(at.troubles, [])
})

test('a root that ended while nobody looked is followed by another one, at the start and while we run', async () => {
  await using at = await ground()
  const roots = await Roots.open(at.ports)
  const first = roots.active.fingerprint
  await roots.close()
  at.clock.advance(3_700 * DAY)
  const again = await Roots.open(at.ports)
  assert.notEqual(again.active.fingerprint, first)
  assert.deepEqual(states(again), ['ended', 'active'])
  assert.equal(
    at.audit.last('authority.root_recovered').body['reason'],
    'the active root has ended',
  )
  const second = again.active.fingerprint
  at.clock.advance(3_700 * DAY)
  await again.sweep()
  assert.notEqual(again.active.fingerprint, second)
  assert.deepEqual(states(again), ['ended', 'ended', 'active'])
  await again.close()
})

test('a root whose key is gone is followed by another one, and what it signed is good to its end', async () => {
  await using at = await ground()
  const roots = await Roots.open(at.ports)
  const first = roots.active.fingerprint
  await roots.close()
  await at.ports.keys.destroy(roots.list()[0]!.keyId)
  const again = await Roots.open(at.ports)
  assert.notEqual(again.active.fingerprint, first)
  assert.ok(again.trusts(first))
  assert.equal(again.serving.fingerprint, again.active.fingerprint)
  await again.close()
})

test('INV-5 a rekey distrusts every root before anything is written, and makes another', async () => {
  await using at = await ground()
  const roots = await Roots.open(at.ports)
  const { fingerprint: prepared } = await roots.rotate({ ...BY, now: false })
  const first = roots.active.fingerprint
  const told: string[][] = []
  roots.onDistrusted((gone, cause) => {
    told.push([...gone, cause.reason])
    assert.equal(at.audit.types().includes('authority.rekeyed'), false)
    assert.equal(roots.trusts(first), false)
  })
  const { fingerprint, distrusted } = await roots.rekey({ person: 'per_0', reason: 'stolen' })
  assert.deepEqual(told, [[first, prepared, 'stolen']])
  assert.equal(distrusted, 2)
  assert.deepEqual(states(roots), ['distrusted', 'distrusted', 'active'])
  assert.equal(roots.active.fingerprint, fingerprint)
  assert.equal(roots.serving.fingerprint, fingerprint)
  assert.deepEqual(
    roots.trusted.map((root) => root.fingerprint),
    [fingerprint],
  )
  assert.equal(roots.pems(), roots.active.pem)
  const { body, person } = at.audit.last('authority.rekeyed')
  assert.deepEqual(body['distrusted'], [first, prepared])
  assert.equal(person, 'per_0')
  assert.deepEqual(await at.ports.keys.list(), [roots.list()[2]!.keyId])
  assert.equal(roots.sequence, 3)
  await roots.close()
  const again = await Roots.open(at.ports)
  assert.equal(again.active.fingerprint, fingerprint)
  await again.close()
})

test('INV-5 a rekey that cannot be recorded is in force all the same, and is written as soon as it can be', async () => {
  await using at = await ground()
  const roots = await Roots.open(at.ports)
  const first = roots.active.fingerprint
  at.audit.fail()
  await assert.rejects(roots.rekey(BY), { code: 'audit.unavailable' })
  assert.equal(roots.trusts(first), false)
  const fresh = roots.active.fingerprint
  assert.notEqual(fresh, first)
  await assert.rejects(roots.sweep(), { code: 'audit.unavailable' })
  await assert.rejects(roots.rotate({ ...BY, now: true }), { code: 'audit.unavailable' })
  assert.equal(roots.trusts(first), false)
  at.audit.recover()
  await roots.sweep()
  assert.equal(roots.active.fingerprint, fresh)
  assert.deepEqual(states(roots), ['distrusted', 'active'])
  await roots.close()
})

test('another token key is another entry of the bundle, also when a crash came before its record', async () => {
  await using at = await ground()
  const roots = await Roots.open(at.ports)
  const kids = () =>
    (roots.jwtKeys()['keys'] as { kid: string; use: string }[]).map(({ kid }) => kid)
  const [before] = kids()
  const { keyId } = await roots.replaceTokenKey(BY)
  assert.deepEqual(kids(), [keyId])
  assert.notEqual(keyId, before)
  assert.equal(roots.sequence, 2)
  assert.deepEqual(at.audit.last('authority.token_key_replaced').body, {
    tokenKey: keyId,
    previous: before,
    sequence: 2,
    reason: BY.reason,
  })
  await roots.close()
  await at.ports.tokens.replace()
  const again = await Roots.open(at.ports)
  assert.equal(again.sequence, 3)
  assert.equal(
    at.audit.last('authority.token_key_replaced').body['tokenKey'],
    at.ports.tokens.keyId,
  )
  await again.close()
})
