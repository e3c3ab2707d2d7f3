// Holds tests of calls under a chain of delegations: scopes, what cuts them, and what their records and approvals are bound to.

import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { actor } from '../../test/fakes/ports.ts'
import { codeOf, shown, SpineBench, textOf } from '../../test/fakes/spine.ts'
import type { Actor } from '../wire/actor.ts'
import type { Decision } from '../wire/decision.ts'
import { CallControl } from './call.ts'
import { callDigest } from './steps/05-gate.ts'

const bench = new SpineBench()

/** An actor to whom somebody passed authority on. */
function below(more: Partial<Actor> = {}): Actor {
  return {
    ...actor('cert-b', 'agent-b'),
    delegation: { id: 'del_2', person: 'per_user', personRoles: ['operator'] },
    chain: [
      {
        delegation: 'del_1',
        instance: 'instance-of-cert-a',
        agent: 'agent-a',
        roles: ['guide'],
        owner: 'per_owner',
      },
    ],
    ...more,
  }
}

const B = { presented: shown('cert-b') }

describe('a call under a chain', () => {
  beforeEach(async () => {
    bench.fake.actors.set('cert-b', below())
    await bench.pin('2025-11-25')
  })

  test('INV-5 is cut when its delegation ends, and nobody else is', async () => {
    await bench.govern('echo', { text: 'warm' }, B)
    const running = bench.govern('hang', {}, { ...B, control: new CallControl() })
    await hanging()
    bench.fake.delegationEnded('del_other')
    assert.equal(bench.gateway.governor.flights.size, 1)
    bench.fake.delegationEnded('del_2')
    assert.equal(codeOf(await running), 'authenticate.delegation_over')
    assert.equal(bench.lastStatus, 'cut')
  })

  test('INV-5 is cut when the instance that passed authority on is gone', async () => {
    await bench.govern('echo', { text: 'warm' }, B)
    const running = bench.govern('hang', {}, { ...B, control: new CallControl() })
    await hanging()
    bench.fake.gone('instance-of-cert-a')
    assert.equal(codeOf(await running), 'authenticate.delegation_over')
  })

  test('every delegating agent is asked, and both environments are told', async () => {
    bench.fake.environments = { fake: 'production' }
    assert.equal(textOf(await bench.govern('echo', { text: 'x' }, B)), 'x')
    const asked = bench.fake.decisions.at(-1)
    assert.deepEqual(
      asked?.delegators?.map(({ name }) => name),
      ['agent-a'],
    )
    assert.deepEqual(asked.environments, { agent: 'default', system: 'production' })
  })

  test('INV-4 a scope above that does not cover the action denies before policy is asked', async () => {
    bench.fake.actors.set('cert-b', below({ scopes: [['fake/*'], ['fake/other', 'else/*']] }))
    assert.equal(codeOf(await bench.govern('echo', { text: 'x' }, B)), 'decide.out_of_scope')
    assert.deepEqual(bench.fake.decisions, [])
    bench.fake.actors.set('cert-b', below({ scopes: [['fake/*'], ['fake/echo']] }))
    assert.equal(textOf(await bench.govern('echo', { text: 'x' }, B)), 'x')
  })

  test('the intent names the delegations, the delegators and the credential', async () => {
    await bench.govern('echo', { text: 'x' }, B)
    const body = bench.fake.records.find(({ type }) => type === 'call.intent')?.body
    assert.deepEqual(
      [body?.['delegation'], body?.['chain'], body?.['delegators'], body?.['binding']],
      ['del_2', ['del_1'], ['instance-of-cert-a'], 'mtls'],
    )
  })

  test('INV-6 an approval is bound to the delegation and everybody above', () => {
    const definition = bench.fake.systems.get('fake')!
    const action = definition.actions.find(({ name }) => name === 'echo')!
    const decision: Decision = {
      answer: 'hold',
      parties: [],
      gates: [],
      policySet: '',
      reason: '',
    }
    const digest = (of: Actor): string =>
      callDigest(of, { system: definition, action }, decision, { input: {} }, bench.fake.ports)
    const base = below()
    const [link] = base.chain
    const digests = [
      base,
      below({ delegation: { ...base.delegation!, id: 'del_3' } }),
      below({ chain: [] }),
      below({ chain: [{ ...link!, instance: 'another' }] }),
      below({ chain: [{ ...link!, delegation: 'del_0' }] }),
      below({ instance: 'another' }),
    ].map(digest)
    assert.equal(new Set(digests).size, digests.length)
    assert.equal(digest(base), digest(below()))
  })

  test('one authority has one conversation with a system: another delegation of the same instance has its own', async () => {
    await bench.govern('echo', { text: 'x' }, B)
    await bench.govern('echo', { text: 'x' }, B)
    assert.equal(bench.gateway.pool.size, 1)
    const delegation = { id: 'del_9', person: 'per_other', personRoles: [] }
    bench.fake.actors.set('cert-b', below({ delegation }))
    await bench.govern('echo', { text: 'x' }, B)
    assert.equal(bench.gateway.pool.size, 2)
    bench.fake.delegationEnded('del_9')
    assert.equal(bench.gateway.pool.size, 1)
  })
})

/** A call hangs in a process that had been started by another: its intent is there, and it is on its way. */
async function hanging(): Promise<void> {
  const intents = () => bench.fake.records.filter(({ type }) => type === 'call.intent').length
  await until(() => intents() === 2)
  await new Promise((resolve) => setTimeout(resolve, 100))
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5))
}
