// Holds attacks on grants: a decision that is acted on twice, late, without one, or after what it stood on is gone.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Grant } from '../../src/gateway/grant.ts'
import { faultOf, withAuthority } from '../fakes/authority.ts'
import { actor } from '../fakes/ports.ts'
import { codeOf, SpineBench, textOf, type Governed } from '../fakes/spine.ts'
import { until } from '../e2e/until.ts'

/** Makes getting the system ready take so long on the monotonic clock, and lets something happen meanwhile. */
function slowStart(bench: SpineBench, ms: number, meanwhile: () => void): void {
  const { fake } = bench
  let first = true
  Object.defineProperty(fake, 'secrets', {
    get: () => {
      if (first) {
        first = false
        fake.skewMs += ms
        meanwhile()
      }
      return {}
    },
  })
}

suite('a grant', () => {
  const bench = new SpineBench()

  test('is used once, whoever tries, and is fresh for seconds', () => {
    const grant = new Grant(1_000)
    assert.deepEqual([grant.spend(), grant.spend(), grant.spend()], [true, false, false])
    assert.deepEqual(
      [grant.isFresh(1_000), grant.isFresh(5_999), grant.isFresh(6_000)],
      [true, true, false],
    )
  })

  test('INV-6 of one approval lets one call run, however many ask for it at once', async () => {
    await bench.pin('2025-11-25')
    bench.fake.answers = { echo: 'hold' }
    const calls = Array.from({ length: 8 }, () =>
      bench.govern('echo', { text: 'once' }, { patienceMs: () => 500 }),
    )
    await until('all of them wait', () => bench.fake.approvals.asked.length === 1)
    bench.fake.approvals.set('approval-1', 'approved')
    const ends = await Promise.all(calls)
    const ran = ends.filter((end) => end.kind === 'done')
    assert.equal(ran.length, 1, JSON.stringify(ends))
    for (const end of ends) if (end.kind === 'denied') assert.equal(codeOf(end), 'approval.void')
    assert.equal(bench.types.filter((type) => type === 'call.intent').length, 1)
  })

  test('INV-2 a decision that became old while the system started counts only if it would be the same', async () => {
    for (const [title, meanwhile, code] of [
      ['nothing changed', () => undefined, undefined],
      [
        'other policies deny it',
        () => {
          bench.fake.policySet = 'sha256:other'
          bench.fake.answers = { echo: 'deny' }
        },
        'policy.denied',
      ],
      [
        'other policies have it held',
        () => {
          bench.fake.policySet = 'sha256:third'
          bench.fake.answers = { echo: 'hold' }
        },
        'policy.denied',
      ],
      [
        'it is nobody any more',
        () => bench.fake.actors.clear(),
        'authenticate.unknown_certificate',
      ],
      [
        'it works on something',
        () => {
          const scope = { scope: [], scopeDigest: 'x', budget: {} }
          const task = { id: 't', intent: 'x', person: 'p', endsAt: 0, ...scope }
          bench.fake.actors.set('cert-a', { ...actor(), task })
        },
        'decide.no_task',
      ],
      [
        'its role is gone, and so is what it permitted',
        () => {
          bench.fake.actors.set('cert-a', { ...actor(), roles: [] })
          bench.fake.answers = { echo: 'deny' }
        },
        'policy.denied',
      ],
    ] as const) {
      bench.fake.answers = {}
      bench.fake.actors.set('cert-a', actor())
      await bench.gateway.close()
      bench.gateway = bench.open()
      await bench.pin('2025-11-25')
      slowStart(bench, 6_000, meanwhile)
      const end: Governed = await bench.govern('echo', { text: title })
      if (code === undefined) assert.equal(textOf(end), title)
      else {
        assert.equal(codeOf(end), code, title)
        assert.equal(bench.lastStatus, 'not_executed', title)
      }
    }
  })

  test('what either of two decisions asks of the answer is asked of it, and both are on record', async () => {
    await bench.pin('2025-11-25')
    bench.fake.obligations = { redact: ['email'] }
    slowStart(bench, 6_000, () => {
      bench.fake.policySet = 'sha256:other'
      bench.fake.obligations = { redact: ['card'] }
    })
    const answer = await bench.govern('echo', { text: 'ann@corp.example 4111 1111 1111 1111' })
    assert.equal(textOf(answer), '[email removed by bailiwick] [card removed by bailiwick]')
    const decided = (type: string) =>
      bench.fake.records.findLast((one) => one.type === type)?.body['decision'] as {
        policy_set: string
      }
    assert.notEqual(decided('call.intent').policy_set, 'sha256:other')
    assert.equal(decided('call.outcome').policy_set, 'sha256:other')
  })

  test('a system that is ready in time is not asked about again', async () => {
    await bench.pin('2025-11-25')
    slowStart(bench, 4_000, () => (bench.fake.answers = { echo: 'deny' }))
    assert.equal(textOf(await bench.govern('echo', { text: 'in time' })), 'in time')
    assert.equal(bench.fake.decisions.length, 1)
  })

  test('INV-1 without a durable intent there is nothing to use it for', async () => {
    await bench.pin('2025-11-25')
    bench.fake.auditFails = true
    assert.equal(codeOf(await bench.govern('echo', { text: 'a' })), 'audit.unavailable')
    bench.fake.auditFails = false
    assert.deepEqual(
      bench.types.filter((type) => type.startsWith('call.')),
      [],
    )
  })
})

test('INV-6 an approval that was used up before a crash lets nothing run after it', () =>
  withAuthority(async (home, authority) => {
    const { id: person } = await authority.people.create({ name: 'ann', roles: ['operator'] })
    const ask = {
      callDigest: 'digest',
      call: 'call-1',
      actor: actor(),
      system: 's',
      action: 'a',
      input: {},
      effects: [],
      gates: [{ name: 'operator', policy: 'gated' }],
      reason: 'because',
      definition: 'd',
      policySet: 'p',
      expiresAt: home.clock.now() + 60_000,
    }
    const { approval } = await authority.approvals.ask(ask)
    await authority.approvals.approve(approval.id, { person, reason: 'fine' })
    const both = await Promise.allSettled([
      authority.approvals.consume(approval.id, 'digest'),
      authority.approvals.consume(approval.id, 'digest'),
    ])
    assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
    // We crash here: it is used up, and no intent was written.
    const again = await home.reopen()
    await assert.rejects(again.approvals.consume(approval.id, 'digest'), faultOf('approval.closed'))
    const asked = await again.approvals.ask(ask)
    assert.deepEqual([asked.fresh, asked.approval.state], [true, 'pending'])
  }))
