// Holds tests of held calls on the spine: what approvals bind to, and what ends a wait (INV-6).

import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { codeOf, SpineBench, textOf } from '../../test/fakes/spine.ts'
import { CallControl, CallEnd } from './call.ts'

const bench = new SpineBench()

describe('a held call', () => {
  beforeEach(() => {
    bench.fake.answers = { echo: 'hold' }
    return bench.pin('2025-11-25')
  })
  const hello = { text: 'hello' }

  test('runs after approval, with everything decided again and the approval in its intent', async () => {
    const running = bench.govern('echo', hello, {
      onHeld: (view) => setTimeout(() => bench.fake.approvals.set(view.id, 'approved'), 20),
    })
    assert.equal(textOf(await running), 'hello')
    assert.equal(bench.fake.records[0]?.body['approval'], 'approval-1')
    assert.deepEqual(bench.fake.records[0]?.body['set_aside'], ['gated'])
    assert.equal(bench.fake.approvals.state('approval-1'), 'consumed')
    assert.equal(bench.fake.decisions.length, 3)
  })

  test('INV-6 an approval serves one call: the same call asks anew', async () => {
    const approve = {
      onHeld: (view: { id: string }) => bench.fake.approvals.set(view.id, 'approved'),
    }
    assert.equal(textOf(await bench.govern('echo', hello, approve)), 'hello')
    const second = await bench.govern('echo', hello, { patienceMs: () => 10 })
    assert.equal(second.kind, 'held')
    assert.equal(bench.fake.approvals.asked.length, 2)
  })

  test('INV-6 two waiting for one approval: one runs', async () => {
    const both = [bench.govern('echo', hello), bench.govern('echo', hello)]
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.equal(bench.fake.approvals.asked.length, 1)
    bench.fake.approvals.set('approval-1', 'approved')
    const kinds = (await Promise.all(both)).map((conclusion) => conclusion.kind).sort()
    assert.deepEqual(kinds, ['denied', 'done'])
  })

  test('INV-6 what was agreed for the task lifts the gate without asking, and is used up before the intent', async () => {
    const { approvals } = bench.fake
    approvals.amendedLeft = 1
    assert.equal(textOf(await bench.govern('echo', hello)), 'hello')
    assert.equal(approvals.asked.length, 0)
    const [intent] = bench.fake.records
    assert.deepEqual(approvals.amendedUsed, [intent?.call])
    assert.deepEqual(intent?.body['amendments'], ['amendment-1'])
    assert.deepEqual(intent?.body['set_aside'], ['gated'])
    assert.equal(intent?.body['approval'], undefined)
    assert.equal((await bench.govern('echo', hello, { patienceMs: () => 1 })).kind, 'held')
  })

  test('INV-6 two calls for the last of what was agreed for a task: one runs, people are asked about the other', async () => {
    bench.fake.approvals.amendedLeft = 1
    const both = [1, 2].map(() => bench.govern('echo', hello, { patienceMs: () => 1 }))
    const kinds = (await Promise.all(both)).map(({ kind }) => kind).sort()
    assert.deepEqual(kinds, ['done', 'held'])
  })

  test('INV-6 policies that change while it is used up stop the call', async () => {
    const { approvals } = bench.fake
    approvals.amendedLeft = 1
    const use = approvals.useAmended.bind(approvals)
    approvals.useAmended = async (view, ask) => {
      bench.fake.policySet = 'sha256:another'
      return use(view, ask)
    }
    assert.equal(codeOf(await bench.govern('echo', hello)), 'approval.void')
    assert.ok(!bench.types.includes('call.intent'))
  })

  test('INV-2 a check in place of people: asked about exactly this call, and on record before its intent', async () => {
    bench.fake.gates = ['check guard']
    bench.fake.checkAnswers = [{ verdict: 'allow', reason: 'small' }]
    assert.equal(textOf(await bench.govern('echo', hello)), 'hello')
    const [answered, intent] = bench.fake.records
    assert.deepEqual([answered?.type, answered?.body['verdict']], ['check.answered', 'allow'])
    assert.deepEqual(intent?.body['checks'], ['leaf1'])
    assert.deepEqual(intent?.body['set_aside'], ['gated'])
    const [asked] = bench.fake.checked
    assert.deepEqual([asked?.check, asked?.call, asked?.input], ['guard', intent?.call, hello])
    assert.equal(bench.fake.approvals.asked.length, 0)
  })

  test('INV-2 a check that denies, or gives no answer that counts, stops the call; its words reach the agent and not the record', async () => {
    bench.fake.gates = ['check guard']
    for (const [verdict, code] of [
      ['deny', 'check.denied'],
      ['none', 'check.failed'],
    ] as const) {
      bench.fake.checkAnswers = [{ verdict, reason: 'over \u202e budget' }]
      const got = await bench.govern('echo', hello)
      assert.equal(codeOf(got), code)
      const { detail } = (got as { denial: { detail: string } }).denial
      assert.doesNotMatch(detail, /\u202e/)
      assert.equal(/budget/.test(detail), verdict === 'deny')
    }
    assert.doesNotMatch(JSON.stringify(bench.fake.records[0]), /budget/)
    assert.ok(!bench.types.includes('call.intent'))
  })

  test('INV-6 people and a check are two gates: the check is asked before people, and again once they agreed', async () => {
    bench.fake.gates = ['operator', 'check guard']
    assert.equal(codeOf(await bench.govern('echo', hello)), 'check.failed')
    assert.equal(bench.fake.approvals.asked.length, 0, 'nobody is asked in vain')
    const approve = {
      onHeld: (view: { id: string }) => bench.fake.approvals.set(view.id, 'approved'),
    }
    const allow = { verdict: 'allow', reason: '' } as const
    bench.fake.checkAnswers = [allow, { verdict: 'deny', reason: 'no longer' }]
    assert.equal(codeOf(await bench.govern('echo', hello, approve)), 'check.denied')
    assert.equal(bench.fake.approvals.state('approval-1'), 'approved', 'it was not used up')
    bench.fake.checkAnswers = [allow, allow]
    assert.equal(textOf(await bench.govern('echo', hello)), 'hello')
    const intent = bench.fake.records.find(({ type }) => type === 'call.intent')
    assert.deepEqual(intent?.body['set_aside'], ['gated', 'gated-1'])
    bench.fake.approvals.amendedLeft = 1
    bench.fake.checkAnswers = []
    assert.equal(codeOf(await bench.govern('echo', hello)), 'check.failed', 'of each call anew')
  })

  test('INV-6 another argument is another call', async () => {
    await bench.govern('echo', hello, { patienceMs: () => 1 })
    bench.fake.approvals.set('approval-1', 'approved')
    const other = await bench.govern('echo', { text: 'hello!' }, { patienceMs: () => 1 })
    assert.equal(other.kind, 'held')
  })

  test('denied by a person is told with the reason', async () => {
    const deny = {
      onHeld: (view: { id: string }) => bench.fake.approvals.set(view.id, 'denied', 'not today'),
    }
    const got = await bench.govern('echo', hello, deny)
    assert.equal(codeOf(got), 'approval.denied')
    assert.match((got as { denial: { detail: string } }).denial.detail, /not today/)
  })

  test('out of patience it is told to ask again, and the retry joins', async () => {
    const first = await bench.govern('echo', hello, { patienceMs: () => 5 })
    assert.equal(first.kind, 'held')
    bench.fake.approvals.set('approval-1', 'approved')
    assert.equal(textOf(await bench.govern('echo', hello)), 'hello')
    assert.equal(bench.fake.approvals.asked.length, 1)
  })

  test('a closed connection ends the request and not the approval', async () => {
    const control = new CallControl()
    const running = bench.govern('echo', hello, { control })
    setTimeout(() => control.left(), 20)
    assert.equal((await running).kind, 'held')
    assert.equal(bench.fake.approvals.state('approval-1'), 'pending')
  })

  for (const [name, act, expected] of [
    [
      'cancelling',
      (c: CallControl) => c.end(new CallEnd('call.cancelled', 'no more')),
      'call.cancelled',
    ],
    ['a lock', () => bench.fake.lock({ id: 'l', reason: 'r', target: 'agent a' }), 'call.cut'],
    [
      'the end of its instance',
      () => bench.fake.gone('instance-of-cert-a'),
      'authenticate.unknown_certificate',
    ],
  ] as const) {
    test(`${name} voids the approval`, async () => {
      const control = new CallControl()
      const running = bench.govern('echo', hello, { control })
      setTimeout(() => act(control), 20)
      assert.equal(codeOf(await running), expected)
      assert.equal(bench.fake.approvals.state('approval-1'), 'void')
    })
  }

  test('INV-6 a lock that arrives between the approval and the call still denies it', async () => {
    const original = bench.fake.approvals.consume.bind(bench.fake.approvals)
    bench.fake.approvals.consume = async (id, digest) => {
      const used = await original(id, digest)
      bench.fake.locks = { id: 'l', reason: 'late', target: 'agent a' }
      return used
    }
    const approve = {
      onHeld: (view: { id: string }) => bench.fake.approvals.set(view.id, 'approved'),
    }
    assert.equal(codeOf(await bench.govern('echo', hello, approve)), 'admit.locked')
    assert.ok(!bench.types.includes('call.intent'))
  })

  test('policy that denies after the wait denies', async () => {
    const approve = {
      onHeld: (view: { id: string }) => {
        bench.fake.answers = { echo: 'deny' }
        bench.fake.approvals.set(view.id, 'approved')
      },
    }
    assert.equal(codeOf(await bench.govern('echo', hello, approve)), 'approval.void')
  })
})
