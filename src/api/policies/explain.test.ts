// Holds tests of explanations over the API: facts by name, exact numbers, what would deny before policy, and who may ask.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ExplainAnswer } from '../../wire/api/explanation.ts'
import { ControlHome } from '../../../test/fakes/control.ts'
import { actor } from '../../../test/fakes/ports.ts'
import { parseJson } from '../../std/json.ts'
import { utf8 } from '../../std/bytes.ts'

let home: ControlHome
before(async () => {
  home = await ControlHome.open()
  const { actions: _, ...bare } = home.upstream
  const inputSchema = parseJson(
    utf8('{"type":"object","properties":{"size":{"type":"integer"}},"required":["size"]}'),
  )
  home.upstream = {
    ...bare,
    actions: [
      { name: 'grow', inputSchema: inputSchema as never, effects: ['write'], digest: 'sha256:x' },
    ],
  }
  await home.authority.systems.pin(home.upstream, { person: home.ada.id, reason: 'a test' })
  const owner = { person: home.ada.id }
  await home.authority.agents.register(
    { name: 'bot', owner: home.ada.id, purpose: 'grows', roles: ['gardener'], unattended: false },
    owner,
  )
  const text = `
@id("people") permit (principal is Person, action, resource);
@id("gardeners") @without("task") permit (principal in Role::"gardener", action, resource);
@id("small") @reason("files stay small")
forbid (principal, action == Action::"files/grow", resource) when { context.input.size > 9007199254740992 };`
  const body = { sources: [{ file: 'a.cedar', text }], dry_run: false, reason: 'a test' }
  await home.read('POST', '/v1/policies', { body })
})
after(() => home.close())

async function explain(more: object = {}, status = 200) {
  const body = { agent: 'bot', system: 'files', action: 'grow', input: { size: 1 }, ...more }
  return home.read('POST', '/v1/policies/explain', { body }, status)
}

test('a call in words is explained with the facts that hold: roles of the agent, the person who asks', async () => {
  const answer = await explain()
  assert.deepEqual(ExplainAnswer.parse(answer), answer)
  const { before: refusals, explanation } = ExplainAnswer.parse(answer)
  assert.equal(explanation.answer, 'allow')
  assert.deepEqual(
    explanation.parties.map(({ party, principal, answer: own }) => [party, principal, own]),
    [
      ['person', `Person::"${home.ada.id}"`, 'allow'],
      ['agent', 'Instance::"any"', 'allow'],
    ],
  )
  assert.deepEqual(refusals, [
    'no task is open for the agent `bot`, and it is not registered as taskless',
  ])
})

test('INV-12 numbers of the arguments are the numbers that were sent', async () => {
  const send = async (size: string) => {
    const text = `{"agent":"bot","system":"files","action":"grow","input":{"size":${size}}}`
    const { explanation } = ExplainAnswer.parse(
      await home.read('POST', '/v1/policies/explain', { body: text }),
    )
    return explanation
  }
  assert.equal((await send('9007199254740992')).answer, 'allow')
  const { answer, advice, changes, parties } = await send('9007199254740993')
  assert.equal(answer, 'deny')
  assert.deepEqual(advice, ['`size` at most 9007199254740992'])
  assert.equal(changes[0]?.after, 'allow')
  const [clause] = parties[0]?.policies[0]?.clauses ?? []
  assert.deepEqual(clause?.values, [{ path: 'input.size', value: '9007199254740993' }])
})

test('what stands in the arguments can be left out', async () => {
  const { explanation } = ExplainAnswer.parse(
    await explain({ input: { size: 9_007_199_254_740_992 * 2 }, values: false }),
  )
  assert.equal(explanation.answer, 'deny')
  assert.ok(!JSON.stringify(explanation).includes('18014398509481984'))
})

test('nobody on whose behalf: said before policy is asked, and by policy', async () => {
  const { before: refusals, explanation } = ExplainAnswer.parse(await explain({ unattended: true }))
  assert.match(refusals.join(), /not registered to act unattended/)
  assert.equal(explanation.reason, 'no policy permits this call without a user and without a task')
})

test('a condition on the history is asked of what the agent did for this person, and a lock is said first', async () => {
  const text = `
@id("people") permit (principal is Person, action, resource);
@id("twice") @without("task") permit (principal is Instance, action, resource) when { context.history.same.minute < 2 };`
  const body = { sources: [{ file: 'b.cedar', text }], dry_run: false, reason: 'a test' }
  await home.read('POST', '/v1/policies', { body })
  const { explanation: none } = ExplainAnswer.parse(await explain())
  assert.equal(none.answer, 'allow')
  const mine = {
    ...actor('c', 'bot'),
    delegation: { id: 'd', person: home.ada.id, personRoles: [] },
  }
  const measured = { arguments: '', writes: true, bytes: 9, recipients: [], more: 0, labels: [] }
  for (let calls = 0; calls < 2; calls++) {
    const of = { system: 'files', action: 'grow', measured: { ...measured, unmeasured: false } }
    assert.ok(!('spent' in home.authority.history.reserve({ actor: mine, ...of })))
  }
  const { explanation } = ExplainAnswer.parse(await explain())
  assert.equal(explanation.answer, 'deny')
  const [clause] = explanation.parties[1]?.policies[0]?.clauses ?? []
  assert.deepEqual(clause?.values, [{ path: 'history.same.minute', value: '2' }])
  const bob = await home.person('bob', [])
  const { explanation: other } = ExplainAnswer.parse(await explain({ on_behalf_of: bob.name }))
  assert.equal(other.answer, 'allow')
  const word = { person: home.ada.id, reason: 'a look' }
  const lock = await home.authority.locks.add({ target: { kind: 'agent', name: 'bot' }, ...word })
  const { before: refusals } = ExplainAnswer.parse(await explain())
  assert.equal(refusals[0], `agent bot is locked: a look (lock ${lock.id})`)
})

test('what is not known is refused by name', async () => {
  const codes = await Promise.all(
    [
      { agent: 'nobody' },
      { system: 'nothing' },
      { on_behalf_of: 'nobody' },
      { task: '0192aaaa-aaaa-7aaa-8aaa-aaaaaaaaaaaa' },
    ].map(async (more) => (await explain(more, 404))['code']),
  )
  assert.deepEqual(codes, ['agent.unknown', 'system.unknown', 'person.unknown', 'task.unknown'])
  const { before: refusals, explanation } = ExplainAnswer.parse(await explain({ action: 'none' }))
  assert.ok(refusals.includes('the system has no action of this name'))
  assert.equal(explanation.answer, 'deny')
  await explain({ unattended: true, on_behalf_of: 'ada' }, 400)
})
