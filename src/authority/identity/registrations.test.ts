// Holds tests of registrations: the index beside a plain filter, and which of several that fit counts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Registration } from '../../store/rows/registration.ts'
import { openDistrict, PERSON, type District } from '../../../test/fakes/district.ts'
import { RegistrationIndex } from './registration-index.ts'

const NOW = 1_767_225_600_000
const HOUR = 3_600_000
const BY = { person: PERSON, reason: 'is tested' }
const WORKLOAD = {
  attestor: 'oidc',
  source: 'ci',
  selectors: ['oidc:ref:main', 'oidc:repository:acme/shop', 'oidc:run:7'],
} as const

async function open(): Promise<District> {
  return openDistrict(NOW, {
    sourceOf: (name) => (name === 'ci' ? { attestor: 'oidc', createdAt: NOW } : undefined),
  })
}

function register(district: District, selectors: readonly string[], more = {}) {
  const what = { agent: 'night-watch', attestor: 'oidc', source: 'ci', selectors } as const
  return district.identities.registrations.register({ ...what, ...more }, PERSON)
}

/** What is added, removed and asked, with few names so that they meet. */
const selectors = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: 1 })
const of = fc.record({
  attestor: fc.constantFrom('oidc', 'x509pop'),
  source: fc.constantFrom('ci', 'ci2'),
  selectors,
})
const step = fc.oneof(
  fc.record({ add: of }),
  fc.record({ remove: fc.nat(30) }),
  fc.record({ ask: of }),
)

test('the index finds what a plain filter finds, whatever was added and removed before', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const index = new RegistrationIndex()
      const plain: Registration[] = []
      for (const [at, one] of steps.entries()) {
        if ('add' in one) {
          const rest = { agent: 'x', by: PERSON, state: 'active', createdAt: NOW } as const
          const added = { id: `r${at}`, ...one.add, ...rest } as Registration
          index.add(added)
          plain.push(added)
        } else if ('remove' in one) {
          const [removed] = plain.splice(one.remove % Math.max(plain.length, 1), 1)
          if (removed !== undefined) index.remove(removed)
        } else {
          const { attestor, source } = one.ask
          const has: readonly string[] = one.ask.selectors
          const expected = plain.filter(
            (r) =>
              r.attestor === attestor &&
              r.source === source &&
              r.selectors.every((each) => has.includes(each)),
          )
          const ids = (all: readonly Registration[]) => all.map(({ id }) => id).sort()
          assert.deepEqual(ids(index.matching(one.ask)), ids(expected))
        }
      }
    }),
  )
})

test('of several that give the same, the one with the most selectors counts', async () => {
  await using district = await open()
  const { registrations } = district.identities
  await register(district, ['oidc:repository:acme/shop'])
  const narrow = await register(district, ['oidc:repository:acme/shop', 'oidc:ref:main'])
  await register(district, ['oidc:repository:acme/shop', 'oidc:ref:dev', 'oidc:run:7'])
  assert.equal(registrations.match(WORKLOAD).id, narrow.id)
  const other = { ...WORKLOAD, source: 'ci2' }
  assert.throws(() => registrations.match(other), { code: 'attest.unregistered' })
})

test('INV-4 who differs in agent, person or scope is never guessed, whichever came first or says more', async () => {
  await using district = await open()
  const { registrations } = district.identities
  const first = await register(district, ['oidc:repository:acme/shop'], { scope: ['a/*', 'b/*'] })
  const same = await register(district, ['oidc:run:7'], { scope: ['b/*', 'a/*'] })
  assert.equal(registrations.match(WORKLOAD).id, first.id)
  await registrations.remove(same.id, BY)
  const wide = { agent: 'mail-sorter', person: PERSON }
  for (const more of [wide, { scope: ['a/*'] }, {}, { ...wide, scope: ['a/*', 'b/*'] }]) {
    const { id } = await register(district, ['oidc:repository:acme/shop', 'oidc:ref:main'], more)
    assert.throws(() => registrations.match(WORKLOAD), { code: 'attest.ambiguous' })
    await registrations.remove(id, BY)
    assert.equal(registrations.match(WORKLOAD).id, first.id)
  }
})

test('one that has ended counts no more; one of a suspended agent counts, so that nobody becomes somebody else', async () => {
  await using district = await open()
  const { registrations } = district.identities
  const ends = { expiresAt: NOW + HOUR, agent: 'mail-sorter', person: PERSON }
  await register(district, ['oidc:repository:acme/shop'], ends)
  const rest = await register(district, ['oidc:run:7'])
  const ambiguous = { code: 'attest.ambiguous' }
  assert.throws(() => registrations.match(WORKLOAD), ambiguous)
  const agent = district.registry.agents.get('mail-sorter')!
  district.registry.agents.set('mail-sorter', { ...agent, state: 'suspended' })
  assert.throws(() => registrations.match(WORKLOAD), ambiguous)
  district.registry.agents.set('mail-sorter', { ...agent, state: 'retired' })
  assert.equal(registrations.match(WORKLOAD).id, rest.id)
  district.registry.agents.set('mail-sorter', agent)
  district.clock.advance(HOUR)
  assert.equal(registrations.match(WORKLOAD).id, rest.id)
  await assert.rejects(register(district, ['oidc:run:8'], { expiresAt: NOW }), {
    code: 'attest.expired',
  })
})

test('a standing permission ends: after 90 days where nothing is said, and the same again goes on', async () => {
  await using district = await open()
  const { registrations } = district.identities
  const first = await register(district, ['oidc:run:7'])
  assert.equal(first.expiresAt, NOW + 90 * 24 * HOUR)
  district.clock.advance(80 * 24 * HOUR)
  const next = await register(district, ['oidc:run:7'])
  district.clock.advance(10 * 24 * HOUR)
  assert.equal(registrations.match(WORKLOAD).id, next.id)
  district.clock.advance(80 * 24 * HOUR)
  assert.throws(() => registrations.match(WORKLOAD), { code: 'attest.unregistered' })
})

test('what is registered outlives a restart, and a record that cannot be written registers nobody', async () => {
  await using district = await open()
  const kept = await register(district, ['oidc:repository:acme/shop'], {
    composition: { code: 'sha' },
  })
  district.audit.fail()
  await assert.rejects(register(district, ['oidc:run:7']), { code: 'audit.unavailable' })
  await assert.rejects(district.identities.registrations.remove(kept.id, BY), {
    code: 'audit.unavailable',
  })
  district.audit.recover()
  assert.equal(district.identities.registrations.match(WORKLOAD).id, kept.id)
  await district.restart()
  const { registrations } = district.identities
  assert.deepEqual(JSON.parse(JSON.stringify(registrations.match(WORKLOAD))), kept)
  assert.equal(registrations.list().length, 1)
  await registrations.remove(kept.id, { person: '', reason: 'its agent is retired' })
  const { person, phase } = district.audit.last('registration.removed')
  assert.deepEqual([person, phase], [undefined, 'lifecycle'])
  await assert.rejects(registrations.remove(kept.id, BY), { code: 'attest.no_registration' })
})

test('a registration that only names an interpreter, or whose source is another than it says, is refused', async () => {
  await using district = await open()
  const unix = { attestor: 'unix', source: '' }
  for (const path of ['/usr/bin/python3', '/usr/local/bin/node', '/bin/bash']) {
    await assert.rejects(register(district, [`unix:path:${path}`], unix), {
      code: 'unix.interpreter',
    })
  }
  const selectors = ['unix:uid:1000']
  await assert.rejects(register(district, selectors, { ...unix, source: 'ci' }), {
    code: 'attest.source',
  })
  const x509 = ['x509pop:subject:cn:build']
  await assert.rejects(register(district, x509, { attestor: 'x509pop' }), { code: 'attest.source' })
  await assert.rejects(register(district, selectors, { agent: 'nobody' }), {
    code: 'identity.unknown_agent',
  })
  await register(district, selectors, unix)
  assert.equal(district.identities.registrations.list().length, 1)
})
