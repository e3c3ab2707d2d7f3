// Holds the tests of what a lock's receipt says: every instance that the lock stops, and until when its documents hold elsewhere.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AGENTS, DelegatedHome, instanceOf } from '../../test/fakes/delegated.ts'
import type { LockTarget } from '../store/rows/lock.ts'
import { rfc3339 } from '../std/clock.ts'
import { recordReceipt, type LockReceiptParts } from './lock-receipt.ts'
import { LockDesk } from './lock-desk.ts'

const MINUTE = 60_000
const NOTHING = { calls: 0, processes: 0, approvals: 0 }

/** Three links of a chain, each an instance whose certificate ends a minute later than the one before; another instance has none. */
async function parts(home: DelegatedHome): Promise<{ parts: LockReceiptParts; ids: string[] }> {
  const chain = await home.chain(3)
  const now = home.home.clock.now()
  const views = [...AGENTS.slice(0, 3), 'five'].map((agent, n) => ({
    instance: instanceOf(n),
    agent,
    spiffeId: `spiffe://audit.test/agent/${agent}/${instanceOf(n)}`,
    createdAt: now,
    lifeEnds: now + 20 * MINUTE,
    certificateEnds: now + (n + 1) * MINUTE,
  }))
  const ports = {
    authority: home.authority,
    identities: { list: () => views },
    audit: home.home.audit,
    gateway: 'gateway-1',
  }
  return { parts: ports, ids: chain.map(({ id }) => id) }
}

test('INV-5 the receipt counts who acts below what is locked, and whom the locked person owns', () =>
  DelegatedHome.with(async (home) => {
    const { parts: ports, ids } = await parts(home)
    const at = home.home.clock.now()
    const of = async (kind: LockTarget['kind'], name: string) => {
      const lock = { id: 'lock', target: { kind, name }, at }
      const { instances, outside } = await recordReceipt(ports, lock, NOTHING)
      return [instances, outside[0]?.until]
    }
    const minute = (n: number): string => rfc3339(at + n * MINUTE)
    assert.deepEqual(await of('agent', 'one'), [3, minute(3)], 'two and three act below one')
    assert.deepEqual(await of('agent', 'three'), [1, minute(3)])
    assert.deepEqual(await of('instance', instanceOf(1)), [2, minute(3)])
    assert.deepEqual(await of('delegation', ids[1] ?? ''), [2, minute(3)])
    // Alice owns every agent, the last one acts for nobody.
    assert.deepEqual(await of('person', home.person), [4, minute(4)])
    assert.deepEqual(await of('everything', ''), [4, minute(4)])
    assert.deepEqual(await of('agent', 'six'), [0, undefined])
    assert.deepEqual(await of('system', 'files'), [0, undefined])
    const record = home.home.audit.last('lock.enforced')
    assert.deepEqual([record.body['lock'], record.body['instances']], ['lock', 0])
  }))

test('what others verify by themselves ends with the instance at the latest', () =>
  DelegatedHome.with(async (home) => {
    const { parts: ports } = await parts(home)
    const at = home.home.clock.now()
    const lock = { id: 'lock', target: { kind: 'everything', name: '' } as const, at }
    const early = (await recordReceipt(ports, lock, NOTHING)).outside
    assert.deepEqual(early, [
      { what: 'x509-svid', until: rfc3339(at + 4 * MINUTE) },
      { what: 'jwt-svid', until: rfc3339(at + 5 * MINUTE) },
      { what: 'access-token', until: rfc3339(at + 10 * MINUTE) },
    ])
    const late = { ...lock, at: at + 17 * MINUTE }
    const [, jwt, token] = (await recordReceipt(ports, late, NOTHING)).outside
    assert.deepEqual(
      [jwt?.until, token?.until],
      [rfc3339(at + 20 * MINUTE), rfc3339(at + 20 * MINUTE)],
    )
  }))

test('INV-5 whoever sets a lock, its receipt is recorded once it is durable; of one that cannot be made durable there is none', () =>
  DelegatedHome.with(async (home) => {
    const { parts: ports } = await parts(home)
    const { audit } = home.home
    const { locks } = home.authority
    const troubles: unknown[] = []
    const upstream = {
      system: 'crm',
      credential: 'user:x',
      outcome: 'revoked',
      until: null,
    } as const
    const desk = new LockDesk({
      ...ports,
      authority: home.authority,
      lastCut: () => ({ calls: 2, processes: 1 }),
      revoke: () => Promise.resolve([upstream]),
      onTrouble: (_lock, error) => void troubles.push(error),
    })
    const word = {
      target: { kind: 'agent', name: 'one' },
      reason: 'a finding',
      person: '',
    } as const
    const { id } = await locks.addAtOnce(word)
    const { lock, receipt } = await desk.lock({ ...word, person: home.person })
    assert.deepEqual([receipt?.calls, receipt?.processes, receipt?.instances], [2, 1, 3])
    assert.deepEqual(receipt?.upstream, [upstream])
    const second = lock.id
    const recorded = () =>
      audit.recorded.flatMap(({ draft }) => (draft.type === 'lock.enforced' ? [draft.body] : []))
    assert.deepEqual(
      recorded().map((body) => body?.['lock']),
      [id, second],
    )
    audit.fail()
    await assert.rejects(locks.addAtOnce(word))
    await desk.close()
    assert.equal(recorded().length, 2)
    assert.deepEqual(troubles, [])
  }))
