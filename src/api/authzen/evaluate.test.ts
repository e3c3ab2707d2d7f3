// Holds the tests of AuthZEN questions apart from any decision: what reaches the decision point, and what never does.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Fault } from '../../std/fault.ts'
import type { Enforcer } from '../../authority/enforcers/enforcers.ts'
import { Evaluations } from '../../wire/api/authzen.ts'
import type { DecisionPoint, Question } from './decision-point.ts'
import { evaluateMany } from './evaluate.ts'
import { instanceOf } from './question.ts'

const INSTANCE = '0192f3c1-0000-7000-8000-000000000001'
const enforcer: Enforcer = {
  name: 'pep',
  key: '',
  systems: ['shop'],
  state: 'active',
  by: 'per_0',
  createdAt: 0,
  expiresAt: 1,
}

/** A decision point that permits what is called `yes`, and remembers what it was asked. */
function point(): { readonly asked: Question[]; readonly point: DecisionPoint } {
  const asked: Question[] = []
  const never = () => Promise.reject(new Error('nobody burns here'))
  const consider: DecisionPoint['consider'] = (question) => {
    asked.push(question)
    const call = `call-${asked.length}`
    if (question.action === 'yes') {
      return Promise.resolve({ kind: 'permitted', call, grant: { text: 'grant', expiresAt: 0 } })
    }
    const why = { code: 'policy.denied', detail: 'no', next: 'ask' }
    return Promise.resolve({ kind: 'denied', call, ...why })
  }
  return {
    asked,
    point: { url: () => '', consider, burn: never, outcome: never, could: () => false },
  }
}

const whole = {
  subject: { type: 'instance', id: INSTANCE },
  action: { name: 'yes', properties: { amount: 1 } },
  resource: { type: 'system', id: 'shop' },
}

test('AuthZEN 1.0 §7.2 whatever stands in the array, there is one closed answer for each, in its place', async () => {
  const part = fc.oneof(
    fc.constant(whole.subject),
    fc.constant(whole.action),
    fc.constant(whole.resource),
    fc.jsonValue({ maxDepth: 2 }),
  )
  const item = fc.oneof(
    fc.constant(whole),
    fc.jsonValue({ maxDepth: 3 }),
    fc.record({ subject: part, action: part, resource: part, context: part }, { requiredKeys: [] }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(item, { minLength: 1, maxLength: 8 }), async (evaluations) => {
      const { asked, point: at } = point()
      const answer = await evaluateMany(Evaluations.parse({ evaluations }), enforcer, at)
      assert.ok('evaluations' in answer)
      assert.equal(answer.evaluations.length, evaluations.length)
      for (const { decision, context } of answer.evaluations) {
        assert.equal(typeof decision, 'boolean')
        assert.ok(!decision || context?.id !== undefined, 'a yes names its call')
      }
      const decided = answer.evaluations.filter(({ context }) => context?.error === undefined)
      assert.equal(asked.length, decided.length, 'what is not right is not asked')
      assert.ok(asked.every(({ system }) => system === 'shop'))
    }),
  )
})

test('INV-4 a name that the server derives reaches no decision, in whichever of the parts it stands', async () => {
  const name = fc.constantFrom('history', 'now', 'effects', 'user', 'network', 'roles', 'attested')
  const where = fc.constantFrom('context', 'subject', 'resource')
  await fc.assert(
    fc.asyncProperty(name, where, fc.jsonValue(), async (derived, kind, value) => {
      const { asked, point: at } = point()
      const said = { [derived]: value }
      const more =
        kind === 'context'
          ? { context: said }
          : { [kind]: { ...whole[kind as 'subject' | 'resource'], properties: said } }
      const body = { ...whole, evaluations: [more] }
      const answer = await evaluateMany(Evaluations.parse(body), enforcer, at)
      assert.ok('evaluations' in answer)
      assert.equal(answer.evaluations[0]?.context?.code, 'authzen.derived')
      await assert.rejects(
        evaluateMany(Evaluations.parse({ ...whole, ...more }), enforcer, at),
        (error) => error instanceof Fault && error.code === 'authzen.derived',
      )
      assert.deepEqual(asked, [])
    }),
  )
})

test('arguments reach the decision as they are, without a prototype', async () => {
  const { asked, point: at } = point()
  const properties = JSON.parse('{"amount":1,"to":{"name":"x"}}') as Record<string, unknown>
  await evaluateMany(
    Evaluations.parse({ ...whole, action: { name: 'no', properties } }),
    enforcer,
    at,
  )
  const [question] = asked
  assert.equal(Object.getPrototypeOf(question?.input), null)
  assert.deepEqual({ ...question?.input }, properties)
})

test('a subject is named by its id or its whole SPIFFE ID, and by nothing else', () => {
  const spiffeId = `spiffe://example.test/agent/worker/${INSTANCE}`
  assert.deepEqual(instanceOf({ type: 'instance', id: INSTANCE }), { instance: INSTANCE })
  assert.deepEqual(instanceOf({ type: 'instance', id: spiffeId }), { instance: INSTANCE, spiffeId })
  for (const subject of [
    { type: 'agent', id: INSTANCE },
    { type: 'instance', id: 'worker' },
    { type: 'instance', id: `${spiffeId}/more` },
    { type: 'instance', id: `https://example.test/agent/worker/${INSTANCE}` },
  ]) {
    assert.throws(() => instanceOf(subject), /subject/)
  }
})
