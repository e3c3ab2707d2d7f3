// Holds the tests of limits: which calls they are on, what they count, who may not add them, and that they outlive an older database.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { faultOf, withAuthority } from '../../../test/fakes/authority.ts'
import type { Authority } from '../open.ts'
import type { Limit } from '../../store/rows/limit.ts'
import type { Asked, Used } from '../history/entry.ts'
import { replayLimits } from './limit-replay.ts'
import { Meter } from './meter.ts'

const ASKED: Asked = { agents: ['bot', 'helper'], person: 'per_1', system: 'mail', action: 'send' }
const USED: Used = { writes: true, money: 5, bytes: 10, recipients: ['a'], more: 0, labels: [] }

function limit(of: Partial<Limit>): Limit {
  const base = { id: 'l', on: {}, what: 'calls', most: 3, per: 'minute', reason: '', person: '' }
  return { ...base, at: 0, state: 'active', ...of } as Limit
}

async function people(authority: Authority) {
  const { id } = await authority.people.create({ name: 'ada', roles: ['administrator'] })
  const agent = { name: 'bot', owner: 'ada', purpose: 'a test', roles: [], unattended: false }
  await authority.agents.register(agent, { person: id })
  return { person: id, reason: 'a test' }
}

test('a limit is on what all of its conditions name, and on an agent wherever it stands in the chain', () => {
  const covers = (on: Limit['on']): boolean => new Meter(limit({ on })).covers(ASKED)
  assert.deepEqual(
    [{}, { agent: 'bot' }, { agent: 'helper' }, { person: 'per_1' }, { action: 'mail/*' }].map(
      covers,
    ),
    [true, true, true, true, true],
  )
  assert.deepEqual(
    [
      { agent: 'other' },
      { person: 'per_2' },
      { task: 't' },
      { action: 'mail/read' },
      { action: 'mailer/*' },
      { agent: 'bot', person: 'per_2' },
    ].map(covers),
    [false, false, false, false, false, false],
  )
})

test('what is told apart is counted apart, and a sub-agent counts for the head of its chain', () => {
  const meter = new Meter(limit({ each: 'agent', most: 1 }))
  const take = (asked: Asked): boolean => {
    const key = meter.keyOf(asked)
    if (meter.refuses(key, USED, false, 0) !== undefined) return false
    meter.take(key, USED, 0)
    return true
  }
  assert.equal(take({ ...ASKED, agents: ['bot'] }), true)
  assert.equal(take({ ...ASKED, agents: ['bot', 'helper'] }), false)
  assert.equal(take({ ...ASKED, agents: ['helper'] }), true)
})

test('a meter never lets more through than its limit, whatever comes when', () => {
  const what = fc.constantFrom('calls', 'writes', 'money', 'bytes', 'recipients')
  const moves = fc.array(
    fc.record({ by: fc.nat(30_000), money: fc.nat(9), to: fc.nat(20), writes: fc.boolean() }),
    { maxLength: 80 },
  )
  fc.assert(
    fc.property(what, fc.nat(12), moves, (counted, most, calls) => {
      const meter = new Meter(limit({ what: counted, most }))
      const taken: { at: number; amount: number; to: number }[] = []
      let now = 1_000_000_000
      for (const { by, money, to, writes } of calls) {
        now += by
        const used = { ...USED, money, bytes: money, writes, recipients: [String(to)] }
        if (meter.refuses('', used, false, now) !== undefined) continue
        meter.take('', used, now)
        const amounts = { calls: 1, writes: writes ? 1 : 0, money, bytes: money, recipients: 0 }
        taken.push({ at: now, amount: amounts[counted], to })
        const within = taken.filter(({ at }) => at > now - 60_000)
        const sum =
          counted === 'recipients'
            ? new Set(within.map((one) => one.to)).size
            : within.reduce((total, one) => total + one.amount, 0)
        assert.ok(sum <= most)
      }
    }),
  )
})

test('what could never fit is refused without a time to wait', () => {
  const meter = new Meter(limit({ what: 'money', most: 4 }))
  const refused = meter.refuses('', USED, false, 0)
  assert.equal(refused?.code, 'reserve.rate_limited')
  assert.equal(refused.retryMs, undefined)
  const huge = new Meter(limit({ what: 'money', most: Number.MAX_SAFE_INTEGER }))
  huge.take('', { ...USED, money: Number.MAX_SAFE_INTEGER }, 0)
  assert.equal(huge.refuses('', { ...USED, money: 1 }, false, 0)?.code, 'reserve.rate_limited')
})

test('limits are added and removed with a record each, and are there after a start', () =>
  withAuthority(async (home, authority) => {
    const word = await people(authority)
    const wish = { on: { agent: 'bot' }, what: 'calls', most: 5, per: 'minute' } as const
    const { id } = await authority.limits.add(wish, word)
    const breaker = { on: {}, what: 'denials', most: 7, per: 'minute' } as const
    home.clock.advance(1)
    await authority.limits.add(breaker, word)
    home.clock.advance(1)
    await authority.limits.add({ ...breaker, on: { agent: 'bot' }, most: 9 }, word)
    const again = await home.reopen()
    assert.deepEqual(
      again.limits.list().map(({ most }) => most),
      [5, 7, 9],
    )
    assert.equal(again.limits.breaker('denials', 'bot'), 9)
    assert.equal(again.limits.breaker('denials', 'other'), 7)
    assert.equal(again.limits.breaker('errors', 'bot'), undefined)
    await again.limits.remove(id, word)
    assert.equal(home.audit.last('limit.removed').body['limit'], id)
    await assert.rejects(again.limits.remove(id, word), faultOf('limit.unknown'))
    assert.equal((await home.reopen()).limits.list().length, 2)
  }))

test('a limit that says nothing that could hold is refused, and nothing is recorded', () =>
  withAuthority(async (home, authority) => {
    const word = await people(authority)
    const before = home.audit.types().length
    const wish = { on: {}, what: 'calls', most: 5, per: 'minute' } as const
    const { per: _per, ...timeless } = wish
    for (const bad of [
      { ...wish, most: -1 },
      { ...wish, most: 1.5 },
      { ...wish, most: Number.MAX_SAFE_INTEGER + 1 },
      timeless,
      { ...wish, what: 'concurrency' as const },
      { ...wish, on: { action: 'no pattern' } },
      { ...wish, what: 'denials' as const, per: 'hour' as const },
      { ...wish, what: 'errors' as const, on: { action: 'mail/*' } },
      { ...wish, what: 'identical' as const, most: 10_001 },
    ]) {
      await assert.rejects(authority.limits.add(bad, word), faultOf('limit.invalid'))
    }
    await assert.rejects(
      authority.limits.add({ ...wish, on: { agent: 'boot' } }, word),
      faultOf('agent.unknown'),
    )
    await assert.rejects(
      authority.limits.add(wish, { ...word, reason: '' }),
      faultOf('reason.required'),
    )
    assert.equal(home.audit.types().length, before)
  }))

test('INV-13 limits that an older database does not have come back from the log', () =>
  withAuthority(async (home, authority) => {
    const word = await people(authority)
    const wish = { on: { agent: 'bot', action: 'mail/*' }, each: 'person', what: 'money' } as const
    const kept = await authority.limits.add({ ...wish, most: 5, per: 'day' }, word)
    const gone = await authority.limits.add({ on: {}, what: 'concurrency', most: 2 }, word)
    await authority.limits.remove(gone.id, word)
    // A database as it was before: no row, and a roll that agrees with that.
    home.audit.now = () => kept.at
    const ports = { audit: home.audit, store: home.store }
    assert.equal(await replayLimits(ports), 0)
    const other = withAuthority(async (older) => {
      const into = { audit: home.audit, store: older.store }
      assert.equal(await replayLimits(into), 1)
      assert.equal(await replayLimits(into), 0)
      const [back] = (await older.reopen()).limits.list()
      assert.deepEqual({ ...back, on: { ...back?.on }, at: 0 }, { ...kept, at: 0 })
    })
    await other
  }))
