// Holds tests of the identity service over a real store: one use of a token, recorded first, and every way to lose an identity.

import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { hex, sha256 } from '../../std/bytes.ts'
import { rfc3339 } from '../../std/clock.ts'
import { readPem } from '../../std/pem.ts'
import type { IssuedIdentity } from '../../wire/identity.ts'
import { openDistrict, PERSON, type District } from '../../../test/fakes/district.ts'
import { fakeRequest, p256, spkiOf } from '../../../test/fakes/identity.ts'
import { issueSvid, leafValidity } from './certificate.ts'

const NOW = 1_767_225_600_000
const HOUR = 3_600_000

function fingerprint(issued: IssuedIdentity): string {
  return hex(sha256(readPem('CERTIFICATE', issued.certificates)[0]!))
}

async function join(district: District, agent = 'mail-sorter'): Promise<IssuedIdentity> {
  const person = agent === 'mail-sorter' ? { person: PERSON } : {}
  const { token } = await district.identities.issueJoinToken({ agent, by: PERSON, ...person })
  return district.identities.enrol({ token, csr: fakeRequest(p256()) })
}

/** Lets the service look at the clock, and waits until it has written what it found. */
async function look(district: District): Promise<void> {
  district.timer.fire()
  for (let i = 0; i < 200 && district.timer.waiting.length === 0; i++) {
    await new Promise((resolve) => setImmediate(resolve))
  }
}

test('INV-8 an instance enrols once, and is who the token says, on whose behalf it says', async () => {
  await using district = await openDistrict(NOW)
  const issued = await join(district)
  const actor = district.identities.actorOf(fingerprint(issued))
  const [delegation] = district.delegations.held.keys()
  assert.deepEqual(actor, {
    instance: issued.instance,
    agent: 'mail-sorter',
    spiffeId: `spiffe://bailiwick.test/agent/mail-sorter/${issued.instance}`,
    roles: ['mail', 'support'],
    owner: PERSON,
    delegation: { id: delegation, person: PERSON, personRoles: ['finance', 'operator'] },
    environment: 'default',
    chain: [],
    scopes: [],
    credential: {
      kind: 'x509',
      id: fingerprint(issued),
      binding: 'mtls',
      ends: NOW - 30_000 + HOUR,
    },
    attested: {},
    lifeEnds: NOW + 24 * HOUR,
  })
  const certificate = new X509Certificate(issued.certificates)
  assert.ok(certificate.verify(new X509Certificate(issued.bundle).publicKey))
  assert.equal(issued.not_after, rfc3339(NOW - 30_000 + HOUR))
  assert.deepEqual(
    district.audit.types().filter((type) => /^(?:join_token|instance)\./.test(type)),
    ['join_token.issued', 'instance.enrolled'],
  )
  assert.equal(district.audit.last('instance.enrolled').person, PERSON)
  assert.equal(district.audit.last('instance.enrolled').body['certificate'], fingerprint(issued))
})

test('INV-8 fifty use one token at once: one enrols, one reuse is recorded', async () => {
  await using district = await openDistrict(NOW)
  const { identities } = district
  const { token } = await identities.issueJoinToken({ agent: 'night-watch', by: PERSON })
  const answers = await Promise.allSettled(
    Array.from({ length: 50 }, () => identities.enrol({ token, csr: fakeRequest(p256()) })),
  )
  assert.equal(answers.filter((answer) => answer.status === 'fulfilled').length, 1)
  for (const answer of answers) {
    if (answer.status === 'rejected') assert.equal(answer.reason.code, 'join_token.reused')
  }
  assert.equal(district.audit.types().filter((type) => type === 'instance.enrolled').length, 1)
  assert.equal(district.audit.types().filter((type) => type === 'join_token.reused').length, 1)
  assert.equal((await district.store.instances.all()).length, 1)
  await district.restart()
  await assert.rejects(district.identities.enrol({ token, csr: fakeRequest(p256()) }), {
    code: 'join_token.reused',
  })
})

test('a join token ends after ten minutes, is of this authority, and is whole', async () => {
  await using district = await openDistrict(NOW)
  const { identities, clock } = district
  const { token } = await identities.issueJoinToken({ agent: 'night-watch', by: PERSON })
  const csr = fakeRequest(p256())
  const [, secret, pin] = token.split('.')
  const other = Buffer.alloc(32, 7).toString('base64url')
  for (const [text, code] of [
    [`bwj1.${secret}.${other}`, 'join_token.unknown'],
    [`bwj1.${other}.${pin}`, 'join_token.unknown'],
    [`bwj2.${secret}.${pin}`, 'join_token.malformed'],
    [`${token}.`, 'join_token.malformed'],
    [token.slice(0, -1), 'join_token.malformed'],
    ['', 'join_token.malformed'],
  ] as const) {
    await assert.rejects(identities.enrol({ token: text, csr }), { code })
  }
  clock.advance(600_000)
  await assert.rejects(identities.enrol({ token, csr }), { code: 'join_token.expired' })
  await look(district)
  assert.equal(district.audit.last('join_token.expired').agent, 'night-watch')
  assert.equal((await district.store.joinTokens.all({ state: 'issued' })).length, 0)
  await assert.rejects(identities.enrol({ token, csr }), { code: 'join_token.expired' })
})

test('the secret of a join token is nowhere: not in the store, not in the log', async () => {
  await using district = await openDistrict(NOW)
  const { token } = await district.identities.issueJoinToken({ agent: 'night-watch', by: PERSON })
  const secret = token.split('.')[1]!
  const rows = await district.store.joinTokens.all()
  assert.ok(!JSON.stringify([rows, district.audit.recorded]).includes(secret))
})

test('a bad request or a full disk does not use the token up', async () => {
  await using district = await openDistrict(NOW)
  const { identities, audit } = district
  const { token } = await identities.issueJoinToken({ agent: 'night-watch', by: PERSON })
  await assert.rejects(identities.enrol({ token, csr: 'x' }), { code: 'identity.csr_malformed' })
  audit.fail()
  await assert.rejects(identities.enrol({ token, csr: fakeRequest(p256()) }), {
    code: 'audit.unavailable',
  })
  assert.deepEqual(identities.list(), [], 'INV-1: nothing is issued that is not recorded')
  audit.recover()
  const issued = await identities.enrol({ token, csr: fakeRequest(p256()) })
  assert.ok(identities.actorOf(fingerprint(issued)))
})

test('INV-4 who may ask for a join token, and for whom', async () => {
  await using district = await openDistrict(NOW)
  const { identities, registry } = district
  registry.people.set('per_1', { id: 'per_1', roles: [] })
  const ask = (of: { agent: string; person?: string; by: string }, code: string) =>
    assert.rejects(identities.issueJoinToken(of), { code })
  await ask({ agent: 'mail-sorter', by: PERSON }, 'identity.attended')
  await ask({ agent: 'mail-sorter', by: 'per_1', person: PERSON }, 'identity.not_yours_to_delegate')
  await ask({ agent: 'night-watch', by: 'per_9' }, 'identity.unknown_person')
  await ask({ agent: 'nobody', by: PERSON }, 'identity.unknown_agent')
  registry.agents.get('night-watch')!.state = 'suspended'
  await ask({ agent: 'night-watch', by: PERSON }, 'identity.agent_inactive')
  assert.equal(district.audit.types().filter((type) => type === 'join_token.issued').length, 0)
})

test('renewal gives another certificate for another key, while the old one goes on', async () => {
  await using district = await openDistrict(NOW)
  const { identities, clock } = district
  const first = await join(district)
  clock.advance(1_900_000)
  const key = p256()
  const second = await identities.renew({
    certificate: fingerprint(first),
    csr: fakeRequest(key),
  })
  assert.equal(second.instance, first.instance)
  assert.ok(identities.actorOf(fingerprint(first)))
  assert.ok(identities.actorOf(fingerprint(second)))
  assert.equal(district.audit.last('instance.renewed').body['replaces'], fingerprint(first))
  await assert.rejects(
    identities.renew({ certificate: fingerprint(second), csr: fakeRequest(key) }),
    { code: 'identity.key_reused' },
  )
  clock.advance(1_700_000)
  assert.equal(identities.actorOf(fingerprint(first)), undefined, 'the first has ended')
  await assert.rejects(
    identities.renew({ certificate: fingerprint(first), csr: fakeRequest(p256()) }),
    { code: 'identity.expired' },
  )
  assert.ok(identities.actorOf(fingerprint(second)))
})

test('INV-8 a key has one certificate ever, at any instance, after a restart too', async () => {
  await using district = await openDistrict(NOW)
  const { token } = await district.identities.issueJoinToken({ agent: 'night-watch', by: PERSON })
  const key = p256()
  await district.identities.enrol({ token, csr: fakeRequest(key) })
  district.clock.advance(2 * HOUR)
  await district.restart()
  const next = await district.identities.issueJoinToken({ agent: 'night-watch', by: PERSON })
  await assert.rejects(district.identities.enrol({ token: next.token, csr: fakeRequest(key) }), {
    code: 'identity.key_reused',
  })
})

test('INV-8 no instance outlives its absolute life, however often it renews', async () => {
  await using district = await openDistrict(NOW, { instanceLife: 2 * HOUR })
  const { identities, clock } = district
  let issued = await join(district)
  for (let at = 0; at < 2 * HOUR - 1_800_000; at += 1_800_000) {
    clock.advance(1_800_000)
    issued = await identities.renew({
      certificate: fingerprint(issued),
      csr: fakeRequest(p256()),
    })
    assert.ok(Date.parse(issued.not_after) <= NOW + 2 * HOUR)
  }
  assert.equal(issued.not_after, rfc3339(NOW + 2 * HOUR))
  clock.advance(1_800_000)
  assert.equal(identities.actorOf(fingerprint(issued)), undefined)
  await assert.rejects(
    identities.renew({ certificate: fingerprint(issued), csr: fakeRequest(p256()) }),
    { code: 'identity.life_over' },
  )
})

test('an instance that renews all the time is told to stop', async () => {
  await using district = await openDistrict(NOW)
  const { identities } = district
  const certificate = fingerprint(await join(district))
  const renew = () => identities.renew({ certificate, csr: fakeRequest(p256()) })
  const together = await Promise.allSettled([renew(), renew(), renew()])
  assert.equal(together.filter(({ status }) => status === 'fulfilled').length, 1)
  for (let i = 0; i < 6; i++) await renew()
  await assert.rejects(renew(), { code: 'identity.too_many_certificates' })
})

test('INV-5 revoking takes effect before it returns, is told, recorded, and survives a restart', async () => {
  await using district = await openDistrict(NOW)
  const issued = await join(district)
  const gone: [string, string][] = []
  district.identities.onGone((instance, why) => gone.push([instance, why.state]))
  const revoking = district.identities.revokeInstance(issued.instance, 'stolen laptop', PERSON)
  assert.equal(district.identities.actorOf(fingerprint(issued)), undefined, 'at once')
  assert.deepEqual(gone, [[issued.instance, 'revoked']])
  await revoking
  const record = district.audit.last('instance.revoked')
  assert.deepEqual([record.person, record.body['reason']], [PERSON, 'stolen laptop'])
  await assert.rejects(
    district.identities.renew({
      certificate: fingerprint(issued),
      csr: fakeRequest(p256()),
    }),
    { code: 'identity.unrecognised' },
  )
  await assert.rejects(district.identities.revokeInstance(issued.instance, 'again', PERSON), {
    code: 'identity.no_instance',
  })
  await district.restart()
  assert.equal(district.identities.actorOf(fingerprint(issued)), undefined)
})

test('a revocation that cannot be recorded is in force, says so, and is recorded later', async () => {
  await using district = await openDistrict(NOW)
  const issued = await join(district)
  district.audit.fail()
  await assert.rejects(district.identities.revokeInstance(issued.instance, 'stolen', PERSON), {
    code: 'audit.unavailable',
  })
  assert.equal(district.identities.actorOf(fingerprint(issued)), undefined)
  await look(district)
  assert.equal(district.troubles.length, 1)
  district.audit.recover()
  await look(district)
  assert.equal(district.audit.last('instance.revoked').person, PERSON)
  assert.equal((await district.store.instances.get(issued.instance))?.doc.state, 'revoked')
})

test('revoking while a renewal is being recorded wins', async () => {
  await using district = await openDistrict(NOW)
  const issued = await join(district)
  district.audit.before = async (draft) => {
    if (draft.type !== 'instance.renewed') return
    district.audit.before = () => undefined
    await district.identities.revokeInstance(issued.instance, 'stolen', PERSON)
  }
  await assert.rejects(
    district.identities.renew({ certificate: fingerprint(issued), csr: fakeRequest(p256()) }),
    { code: 'identity.gone' },
  )
  assert.deepEqual(district.identities.list(), [])
  await district.restart()
  assert.deepEqual(district.identities.list(), [])
})

test('an instance whose certificates end is gone, and whoever waits for it is told', async () => {
  await using district = await openDistrict(NOW)
  const issued = await join(district)
  const gone: string[] = []
  district.identities.onGone((instance, why) => gone.push(`${instance} ${why.state}`))
  district.clock.advance(HOUR)
  await look(district)
  assert.deepEqual(gone, [`${issued.instance} expired`])
  assert.equal(district.audit.last('instance.ended').body['state'], 'expired')
  assert.equal((await district.store.instances.get(issued.instance))?.doc.state, 'expired')
})

test('what ended while nobody was looking is ended at the next start; the rest goes on', async () => {
  await using district = await openDistrict(NOW)
  const old = await join(district)
  district.clock.advance(2_000_000)
  const young = await join(district, 'night-watch')
  await district.identities.close()
  district.clock.advance(2_000_000)
  await district.restart()
  assert.equal(district.identities.actorOf(fingerprint(old)), undefined)
  assert.equal(district.identities.actorOf(fingerprint(young))?.instance, young.instance)
  assert.equal((await district.store.instances.get(old.instance))?.doc.state, 'expired')
  assert.deepEqual(
    district.identities.list().map((one) => one.instance),
    [young.instance],
  )
})

test('an instance says goodbye', async () => {
  await using district = await openDistrict(NOW)
  const issued = await join(district)
  await district.identities.endOwn(fingerprint(issued))
  assert.equal(district.identities.actorOf(fingerprint(issued)), undefined)
  assert.equal((await district.store.instances.get(issued.instance))?.doc.state, 'ended')
})

test('INV-4 an identity is worth what its agent, its person and its delegation are worth now', async () => {
  await using district = await openDistrict(NOW)
  const { identities, registry, delegations } = district
  const issued = await join(district)
  const own = await join(district, 'night-watch')
  const at = fingerprint(issued)
  const agent = registry.agents.get('mail-sorter')!
  agent.state = 'suspended'
  assert.equal(identities.actorOf(at), undefined)
  agent.state = 'active'
  agent.roles = ['reader']
  assert.deepEqual(identities.actorOf(at)?.roles, ['reader'])
  const person = registry.people.get(PERSON)!
  registry.people.delete(PERSON)
  assert.equal(identities.actorOf(at), undefined)
  registry.people.set(PERSON, person)
  const [delegation] = delegations.held.values()
  delegation!.expiresAt = NOW
  assert.equal(identities.actorOf(at), undefined)
  await assert.rejects(identities.renew({ certificate: at, csr: fakeRequest(p256()) }), {
    code: 'identity.delegation_over',
  })
  assert.ok(identities.actorOf(fingerprint(own)))
  registry.agents.get('night-watch')!.unattended = false
  assert.equal(identities.actorOf(fingerprint(own)), undefined)
})

test('a certificate signed with our key whose issuance is not recorded is worth nothing', async () => {
  await using district = await openDistrict(NOW)
  const issued = await join(district)
  const key = p256()
  const forged = issueSvid(
    district.root.issuer,
    { agent: 'mail-sorter', instance: issued.instance, publicKey: spkiOf(key) },
    leafValidity(NOW, HOUR),
  )
  const certificate = hex(sha256(forged))
  assert.equal(district.identities.actorOf(certificate), undefined)
  await assert.rejects(district.identities.renew({ certificate, csr: fakeRequest(p256()) }), {
    code: 'identity.unrecognised',
  })
})

test('INV-5 no join token follows an instance that a person revoked, not even while that is being written', async () => {
  await using district = await openDistrict(NOW)
  const { identities, audit } = district
  const of = { agent: 'mail-sorter', person: PERSON, by: PERSON }
  const { token } = await identities.issueJoinToken(of)
  const { instance } = await identities.enrol({ token, csr: fakeRequest(p256()) })
  const follow = () => district.identities.issueJoinToken({ ...of, replaces: instance })
  assert.ok(await follow(), 'one that lives may be followed')
  const revoked = { code: 'attest.revoked' }
  let tried: Promise<void> = Promise.resolve()
  audit.before = async ({ type }) => {
    if (type === 'instance.revoked') await (tried = assert.rejects(follow(), revoked))
  }
  await identities.revokeInstance(instance, 'is tested', PERSON)
  await tried
  audit.recover()
  await assert.rejects(follow(), revoked)
  await district.restart()
  await assert.rejects(follow(), revoked)
})
