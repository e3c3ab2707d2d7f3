// Holds tests of instances that are attested: what is kept of their evidence, how long they live, and what they may be again.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hex, sha256 } from '../../std/bytes.ts'
import { readPem } from '../../std/pem.ts'
import type { IssuedIdentity } from '../../wire/identity.ts'
import { openDistrict, PERSON, type District } from '../../../test/fakes/district.ts'
import { fakeRequest, p256, spkiOf } from '../../../test/fakes/identity.ts'
import type { Attested } from './attest/attested.ts'
import { RegistrationIndex } from './registration-index.ts'

const NOW = 1_767_225_600_000
const HOUR = 3_600_000
const SHOP = ['oidc:repository:acme/shop']

/** Evidence as an attestor gives it: once, for one job of one repository. */
function evidence(job: string, more: Partial<Attested> = {}): Attested {
  return {
    attestor: 'oidc',
    source: 'ci',
    selectors: ['oidc:job:1', ...SHOP],
    subject: 'repo:acme/shop',
    facts: { job_workflow_sha: 'abc', repository: 'acme/shop' },
    once: { id: `oidc:${job}`, expiresAt: NOW + HOUR },
    ...more,
  }
}

async function open(): Promise<District> {
  return openDistrict(NOW, {
    sourceOf: (name) => (name === 'ci' ? { attestor: 'oidc', createdAt: NOW } : undefined),
  })
}

function register(district: District, more = {}) {
  const what = { agent: 'night-watch', attestor: 'oidc', source: 'ci', selectors: SHOP } as const
  return district.identities.registrations.register({ ...what, ...more }, PERSON)
}

function enrol(district: District, job: string, more = {}): Promise<IssuedIdentity> {
  const attested = evidence(job)
  return district.identities.enrolAttested({ attested, publicKey: spkiOf(p256()), ...more })
}

/** Lets the service look at the clock, and waits until it has written what it found. */
async function look(district: District): Promise<void> {
  district.timer.fire()
  for (let i = 0; i < 200 && district.timer.waiting.length === 0; i++) {
    await new Promise((resolve) => setImmediate(resolve))
  }
}

function fingerprint(issued: IssuedIdentity): string {
  return hex(sha256(readPem('CERTIFICATE', issued.certificates)[0]!))
}

test('an attested workload is an instance of the agent that it was registered as, and what vouched for it is kept', async () => {
  await using district = await open()
  const { id } = await register(district)
  const key = p256()
  const { instance } = await enrol(district, '1', { publicKey: spkiOf(key) })
  const live = district.identities.live(instance)
  assert.deepEqual(live?.attested, {
    attestor: 'oidc',
    source: 'ci',
    registration: id,
    // Those that counted; the others are nobody's business.
    selectors: SHOP,
    subject: 'repo:acme/shop',
    at: NOW,
  })
  assert.deepEqual([...live.certificates.values()][0]?.spki, spkiOf(key))
  const row = await district.store.instances.get(instance)
  assert.deepEqual({ ...row?.doc.attested }, live.attested)
  const { agent, body } = district.audit.last('instance.enrolled')
  assert.equal(agent, 'night-watch')
  assert.deepEqual(
    [body['attestor'], body['source'], body['registration'], body['subject'], body['unattended']],
    ['oidc', 'ci', id, 'repo:acme/shop', true],
  )
  await district.restart()
  const [certificate] = district.identities.live(instance)!.certificates.values()
  assert.deepEqual(certificate?.spki, spkiOf(key))
  assert.deepEqual({ ...district.identities.live(instance)?.attested }, live.attested)
})

test('evidence counts once, for enrolling and for renewing, and nothing is recorded of the second time', async () => {
  await using district = await open()
  await register(district)
  const { instance } = await enrol(district, '1')
  const recorded = district.audit.types().length
  const { identities } = district
  await assert.rejects(enrol(district, '1'), { code: 'attest.replayed' })
  const again = { instance, attested: evidence('1'), publicKey: spkiOf(p256()) }
  await assert.rejects(identities.reattest(again), { code: 'attest.replayed' })
  await district.restart()
  await assert.rejects(enrol(district, '1'), { code: 'attest.replayed' })
  assert.equal(district.audit.types().length, recorded)
  // One whose record could not be written was not used.
  district.audit.fail()
  await assert.rejects(enrol(district, '2'))
  district.audit.recover()
  await enrol(district, '2')
})

test('INV-8 past its absolute life no certificate and no evidence renews an instance: it is a new one, and says so', async () => {
  await using district = await open()
  await register(district)
  let issued = await enrol(district, '0')
  const { instance } = issued
  for (let hour = 1; hour < 24; hour++) {
    district.clock.advance(50 * 60_000)
    const attested = evidence(String(hour))
    issued = await district.identities.reattest({ instance, attested, publicKey: spkiOf(p256()) })
    assert.equal(issued.instance, instance)
    assert.ok(Date.parse(issued.not_after) <= NOW + 24 * HOUR)
  }
  district.clock.setWall(NOW + 24 * HOUR)
  const renew = { certificate: fingerprint(issued), csr: fakeRequest(p256()) }
  await assert.rejects(district.identities.renew(renew), { code: 'identity.life_over' })
  const attested = evidence('late')
  const late = { instance, attested, publicKey: spkiOf(p256()) }
  await assert.rejects(district.identities.reattest(late), { code: 'identity.life_over' })
  district.timer.fire()
  const next = await enrol(district, 'late', { replaces: instance })
  assert.notEqual(next.instance, instance)
  assert.equal(district.identities.live(next.instance)?.replaces, instance)
  assert.equal(district.audit.last('instance.enrolled').body['replaces'], instance)
  await assert.rejects(district.identities.renew(renew), /identity\./)
})

test('lineage is what the same workload was: not a live one, not another workload, and never one that was revoked', async () => {
  await using district = await open()
  await register(district)
  const { identities } = district
  const first = await enrol(district, '1')
  const beside = await enrol(district, '2', { replaces: first.instance })
  assert.equal(identities.live(beside.instance)?.replaces, undefined)
  await identities.endInstance(first.instance, 'done')
  const other = evidence('3', { subject: 'repo:acme/other' })
  const stranger = { attested: other, publicKey: spkiOf(p256()), replaces: first.instance }
  const { instance } = await identities.enrolAttested(stranger)
  assert.equal(identities.live(instance)?.replaces, undefined)
  await identities.revokeInstance(beside.instance, 'is tested', PERSON)
  await assert.rejects(enrol(district, '4', { replaces: beside.instance }), {
    code: 'attest.revoked',
  })
})

test('INV-5 what was revoked does not come back while that is still being written, and not after it', async () => {
  await using district = await open()
  await register(district)
  const { instance } = await enrol(district, '1')
  let tried: Promise<unknown> = Promise.resolve()
  district.audit.before = ({ type }) => {
    if (type !== 'instance.revoked') return undefined
    const again = enrol(district, '2', { replaces: instance })
    tried = assert.rejects(again, { code: 'attest.revoked' })
    return tried.then(() => undefined)
  }
  await district.identities.revokeInstance(instance, 'is tested', PERSON)
  await tried
  district.audit.recover()
  await district.restart()
  const later = enrol(district, '3', { replaces: instance })
  await assert.rejects(later, { code: 'attest.revoked' })
  assert.deepEqual(district.identities.list(), [])
})

test('a rekey takes instances away and not their workloads: fresh evidence brings each back at once', async () => {
  await using district = await open()
  await register(district)
  const { instance } = await enrol(district, '1')
  await district.roots.rekey({ person: PERSON, reason: 'is tested' })
  assert.equal(district.identities.live(instance), undefined)
  const next = await enrol(district, '2', { replaces: instance })
  assert.equal(district.identities.live(next.instance)?.replaces, instance)
  await look(district)
  assert.equal(district.audit.last('instance.revoked').body['mayReturn'], true)
  await district.identities.endInstance(next.instance, 'is tested')
  const third = await enrol(district, '3', { replaces: instance })
  assert.equal(district.identities.live(third.instance)?.replaces, instance)
})

test('a composition is what the evidence proves first, and what the instance says otherwise', async () => {
  await using district = await open()
  await register(district, { composition: { code: 'job_workflow_sha', tools: 'nothing' } })
  const said = { code: 'mine', tools: 'mine', model: 'opus' }
  const issued = await enrol(district, '1', { composition: said })
  assert.deepEqual(district.identities.live(issued.instance)?.composition, {
    code: { value: 'abc', assurance: 'attested' },
    model: { value: 'opus', assurance: 'claimed' },
  })
  assert.deepEqual(district.identities.actorOf(fingerprint(issued))?.attested, { code: 'abc' })
  for (const composition of [
    { soul: 'x' },
    { model: '' },
    { model: 'x'.repeat(257) },
    { model: 'a\n' },
  ]) {
    await assert.rejects(enrol(district, '2', { composition }), { code: 'attest.composition' })
  }
})

test('with a join token an instance can claim what it is made of, and nothing of it is attested', async () => {
  await using district = await open()
  const { identities } = district
  const { token } = await identities.issueJoinToken({ agent: 'night-watch', by: PERSON })
  const request = { token, csr: fakeRequest(p256()) }
  const wrong = { ...request, composition: { soul: 'x' } }
  await assert.rejects(identities.enrol(wrong), { code: 'attest.composition' })
  const issued = await identities.enrol({ ...request, composition: { model: 'opus' } })
  const composition = { model: { value: 'opus', assurance: 'claimed' } }
  assert.deepEqual(identities.live(issued.instance)?.composition, composition)
  assert.deepEqual(identities.actorOf(fingerprint(issued))?.attested, {})
  assert.deepEqual(district.audit.last('instance.enrolled').body['composition'], composition)
})

test('a registration bounds its instances: by whom they act for, by its scope, and by its end', async () => {
  await using district = await open()
  const expiresAt = NOW + 2 * HOUR
  await register(district, { agent: 'mail-sorter', person: PERSON, scope: ['mail/*'], expiresAt })
  const issued = await enrol(district, '1')
  assert.equal(issued.life_ends, new Date(expiresAt).toISOString())
  const actor = district.identities.actorOf(fingerprint(issued))
  assert.equal(actor?.delegation?.person, PERSON)
  assert.deepEqual(actor.scopes, [['mail/*']])
  // Who has left acts for nobody, and nobody new comes in their name.
  district.registry.people.delete(PERSON)
  await assert.rejects(enrol(district, '2'), { code: 'identity.unknown_person' })
  assert.equal(district.identities.actorOf(fingerprint(issued)), undefined)
})

test('INV-4 an agent that is attended is registered for nobody but a person', async () => {
  await using district = await open()
  await assert.rejects(register(district, { agent: 'mail-sorter' }), { code: 'identity.attended' })
  await assert.rejects(register(district, { agent: 'mail-sorter', person: 'per_9' }), {
    code: 'identity.not_yours_to_delegate',
  })
})

test('INV-5 removing a registration ends its instances before it resolves, and is recorded for each', async () => {
  await using district = await open()
  const { id } = await register(district)
  const { instance } = await enrol(district, '1')
  const gone: string[] = []
  district.identities.onGone((which) => gone.push(which))
  await district.identities.registrations.remove(id, { person: PERSON, reason: 'is tested' })
  assert.deepEqual(gone, [instance])
  assert.equal(district.identities.live(instance), undefined)
  await assert.rejects(enrol(district, '2'), { code: 'attest.unregistered' })
  await district.restart()
  assert.deepEqual(district.identities.list(), [])
  await look(district)
  assert.equal(district.audit.last('instance.revoked').instance, instance)
})

test('INV-5 a registration or source that is removed while a workload enrols by it takes it along', async () => {
  const trusted = { ci: true }
  await using district = await openDistrict(NOW, {
    sourceOf: () => (trusted.ci ? { attestor: 'oidc', createdAt: NOW } : undefined),
  })
  const { id } = await register(district)
  const by = { person: PERSON, reason: 'is tested' }
  const during = (work: () => void | Promise<unknown>): void => {
    district.audit.before = async ({ type }) => {
      if (type !== 'instance.enrolled') return
      district.audit.recover()
      await work()
    }
  }
  during(() => district.identities.registrations.remove(id, by))
  await assert.rejects(enrol(district, '1'), { code: 'identity.gone' })
  await register(district)
  during(() => void (trusted.ci = false))
  await assert.rejects(enrol(district, '2'), { code: 'identity.gone' })
  assert.deepEqual(district.identities.list(), [])
  await look(district)
  assert.equal((await district.store.instances.all({ state: 'live' })).length, 0)
})

test('an instance known by tokens alone needs no certificate, survives a restart, and ends with its life', async () => {
  await using district = await open()
  const attested = { attestor: 'consent', selectors: ['client:x'] } as const
  const { instance } = await district.identities.enrolKeyless({ agent: 'night-watch', attested })
  await district.restart()
  district.clock.advance(23 * HOUR)
  await look(district)
  const live = district.identities.live(instance)
  assert.equal(live?.certificates.size, 0)
  assert.equal(live.attested?.attestor, 'consent')
  const gone: string[] = []
  district.identities.onGone((which) => gone.push(which))
  district.clock.advance(HOUR)
  district.timer.fire()
  assert.deepEqual(gone, [instance])
  await district.restart()
  assert.equal(district.identities.live(instance), undefined)
})

test('INV-8 whoever used a join token first is locked before the second is answered, also when both come at once', async () => {
  const locked: string[] = []
  const races: (() => void)[] = []
  const onJoinRace = async (instance: string, agent: string): Promise<void> => {
    await new Promise<void>((resolve) => races.push(resolve))
    locked.push(`${agent} ${instance}`)
  }
  await using district = await openDistrict(NOW, { onJoinRace })
  const { token } = await district.identities.issueJoinToken({ agent: 'night-watch', by: PERSON })
  const use = () => district.identities.enrol({ token, csr: fakeRequest(p256()) })
  const [first, second] = [use(), use()]
  let answered = false
  const refused = assert
    .rejects(second, { code: 'join_token.reused' })
    .finally(() => (answered = true))
  const { instance } = await first
  while (races.length === 0) await new Promise((resolve) => setImmediate(resolve))
  assert.equal(answered, false)
  races[0]!()
  await refused
  assert.deepEqual(locked, [`night-watch ${instance}`])
})

test('a match looks at a handful of registrations, however many there are', () => {
  const index = new RegistrationIndex()
  let looked = 0
  for (let number = 0; number < 10_000; number++) {
    const selectors = ['oidc:org:acme', `oidc:repository:acme/${number}`].sort()
    const { doc } = {
      doc: { id: `r${number}`, agent: 'a', attestor: 'oidc', source: 'ci' } as const,
    }
    const counted = new Proxy(selectors, {
      get: (of, name, self) => {
        if (name === 'every') looked++
        return Reflect.get(of, name, self) as unknown
      },
    })
    index.add({ ...doc, selectors: counted, by: PERSON, state: 'active', createdAt: NOW })
  }
  looked = 0
  const selectors = ['oidc:org:acme', 'oidc:repository:acme/7777', 'oidc:ref:x']
  const found = index.matching({ attestor: 'oidc', source: 'ci', selectors })
  assert.deepEqual(
    found.map(({ id }) => id),
    ['r7777'],
  )
  assert.ok(looked <= 3, `looked at ${looked}`)
  index.remove(found[0]!)
  assert.deepEqual(index.matching({ attestor: 'oidc', source: 'ci', selectors }), [])
})
