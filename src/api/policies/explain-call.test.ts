// Holds tests of the explanation of decided calls: by what they were decided from, by the policies of then, for those who may read it.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ControlHome } from '../../../test/fakes/control.ts'
import { uuidv7 } from '../../std/id.ts'
import { systemEntropy } from '../../std/entropy.ts'
import { ExplainCallAnswer } from '../../wire/api/explanation.ts'
import type { Answer, DecisionRequest } from '../../wire/decision.ts'

let home: ControlHome
before(async () => {
  home = await ControlHome.open()
  await home.authority.systems.pin(home.upstream, { person: home.ada.id, reason: 'a test' })
})
after(() => home.close())

async function apply(text: string): Promise<string> {
  const body = { sources: [{ file: 'a.cedar', text }], dry_run: false, reason: 'a test' }
  return String((await home.read('POST', '/v1/policies', { body }))['digest'])
}

/** A call as the gateway keeps it, with its record. */
async function decided(policySet: string, answer: Answer, code = 'policy.denied'): Promise<string> {
  const call = uuidv7(home.clock, systemEntropy)
  const { name: system, actions } = home.upstream
  const request: DecisionRequest = {
    agent: { instance: 'i-1', name: 'bot', roles: ['gardener'] },
    person: { id: home.ada.id, roles: ['operator'] },
    history: ZEROES,
    system,
    action: actions[0]!.name,
    input: {},
    effects: actions[0]!.effects,
    now: home.clock.now(),
    setAside: new Set(),
  }
  home.traffic.keep({ call, request, answer, by: [], policySet })
  await record(call, code)
  return call
}

const ZERO = { minute: 0, hour: 0, day: 0 }
const ZEROES = {
  calls: ZERO,
  writes: ZERO,
  same: { ...ZERO, minute: 7 },
  denials: ZERO,
  errors: ZERO,
  money: ZERO,
  bytes: ZERO,
  recipients: ZERO,
  actions: [],
  labels: [],
}

async function record(call: string, code: string): Promise<void> {
  const { name: system, actions } = home.upstream
  await home.audit.append({
    type: 'call.denied',
    phase: 'decision',
    call,
    agent: 'bot',
    instance: 'i-1',
    system,
    action: actions[0]!.name,
    body: { code, reason: 'because' },
  })
}

const BUSY = `
@id("people") permit (principal is Person, action, resource);
@id("quiet") @without("task") permit (principal is Instance, action, resource) when { context.history.same.minute < 5 };`

async function explain(call: string, status = 200, as = home.ada) {
  const path = '/v1/policies/explain/call'
  return home.read('POST', path, { body: { call }, as }, status)
}

test('a call is explained by what it was decided from, also when other policies are in force', async () => {
  const then = await apply(BUSY)
  const call = await decided(then, 'deny')
  const told = ExplainCallAnswer.parse(await explain(call))
  assert.deepEqual(told.call, {
    id: call,
    at: told.call.at,
    answer: 'deny',
    policy_set: then,
    same_set: true,
    observed: false,
    record: 'agrees',
    refused: null,
  })
  const [clause] = told.explanation.parties[1]?.policies[0]?.clauses ?? []
  assert.deepEqual(clause?.values, [{ path: 'history.same.minute', value: '7' }])
  await apply('@id("all") permit (principal, action, resource);')
  const later = ExplainCallAnswer.parse(await explain(call))
  assert.equal(later.call.same_set, true)
  assert.deepEqual(later.explanation, told.explanation)
})

test('where the policies of then are not to be had, it says so and takes those in force', async () => {
  const call = await decided(`sha256:${'A'.repeat(43)}`, 'deny', 'reserve.rate_limited')
  const { call: said, explanation } = ExplainCallAnswer.parse(await explain(call))
  assert.equal(said.same_set, false)
  assert.equal(said.refused, 'because (reserve.rate_limited)')
  assert.notEqual(explanation.digest, said.policy_set)
})

test('a call that policy was not asked about, that is not kept, or that there is not, is told apart', async () => {
  const locked = uuidv7(home.clock, systemEntropy)
  await record(locked, 'admit.locked')
  const undecided = await explain(locked, 409)
  assert.equal(undecided['code'], 'policy.call_undecided')
  assert.match(String(undecided['detail']), /because \(admit\.locked\)/)
  const gone = uuidv7(home.clock, systemEntropy)
  await record(gone, 'policy.denied')
  assert.equal((await explain(gone, 404))['code'], 'policy.call_not_kept')
  const none = uuidv7(home.clock, systemEntropy)
  assert.equal((await explain(none, 404))['code'], 'policy.call_unknown')
})

test('reading what an agent sent takes an auditor, and is recorded', async () => {
  const call = await decided(await apply(BUSY), 'deny')
  const viewer = await home.person('vera', ['viewer'])
  await explain(call, 403, viewer)
  await explain(call)
  const [newest] = await home.audit.tail({ type: 'traffic.read', limit: 1 })
  assert.deepEqual({ ...newest?.record.body }, { what: 'call', about: call })
})
