// Holds the tests of the desk of locks: each has its receipt, whoever set it, once it is durable, and never before.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DelegatedHome } from '../../test/fakes/delegated.ts'
import type { LockUpstream } from '../wire/lock-receipt.ts'
import { LockDesk } from './lock-desk.ts'
import { respond } from './responses.ts'

const AGENT = { kind: 'agent', name: 'one' } as const

function desk(home: DelegatedHome, revoke: () => Promise<readonly LockUpstream[]>) {
  const troubles: string[] = []
  const made = new LockDesk({
    authority: home.authority,
    identities: { list: () => [] },
    audit: home.home.audit,
    gateway: 'gateway-1',
    lastCut: () => ({ calls: 2, processes: 1 }),
    revoke,
    onTrouble: (lock) => troubles.push(lock),
  })
  return { made, troubles }
}

const nothing = () => Promise.resolve([])

function types(home: DelegatedHome): readonly string[] {
  return home.home.audit.recorded
    .map(({ draft }) => draft.type)
    .filter((type) => type.startsWith('lock.'))
}

test('a lock that Bailiwick itself sets has a receipt as one of a person has, after its own record', () =>
  DelegatedHome.with(async (home) => {
    const { made } = desk(home, nothing)
    const { lock, receipt } = await made.lock({ target: AGENT, person: home.person, reason: 'x' })
    assert.deepEqual([receipt?.calls, receipt?.processes], [2, 1])
    const { instance } = { instance: '01900000-0000-7000-8000-00000000000a' }
    const finding = {
      rule: 'dpop-replay',
      severity: 'critical',
      agent: 'one',
      instance,
      summary: 'a copy was used',
    } as Parameters<typeof respond>[2]
    await respond(home.authority, 'replays', finding, home.home.clock.now())
    await made.close()
    assert.deepEqual(types(home), ['lock.added', 'lock.enforced', 'lock.added', 'lock.enforced'])
    const last = home.home.audit.last('lock.enforced').body
    assert.notEqual(last['lock'], lock.id)
    assert.equal(last['calls'], 2)
  }))

test('a lock that could not be made durable has no receipt', () =>
  DelegatedHome.with(async (home) => {
    const { made, troubles } = desk(home, nothing)
    home.home.audit.fail()
    const word = { target: AGENT, person: '', reason: 'x' }
    await assert.rejects(home.authority.locks.addAtOnce(word), { code: 'audit.unavailable' })
    home.home.audit.recover()
    await made.close()
    assert.deepEqual([types(home), troubles], [[], []])
  }))

test('what keeps a receipt from being made keeps nothing from being locked, and what a system says stands in it', () =>
  DelegatedHome.with(async (home) => {
    const broken = desk(home, () => Promise.reject(new Error('not now')))
    const word = { target: AGENT, person: home.person, reason: 'x' }
    const { lock, receipt } = await broken.made.lock(word)
    assert.equal(receipt, undefined)
    assert.deepEqual(broken.troubles, [lock.id])
    assert.notEqual(home.authority.locks.on(AGENT), undefined)
    await broken.made.close()
    const said = { system: 'crm', credential: 'token', outcome: 'revoked', until: null } as const
    const { made } = desk(home, () => Promise.resolve([said]))
    assert.deepEqual((await made.lock(word)).receipt?.upstream, [said])
    await made.close()
    await home.authority.locks.add(word)
    assert.equal(types(home).filter((type) => type === 'lock.enforced').length, 1, 'it is closed')
  }))
