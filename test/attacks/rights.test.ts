// Holds attacks on the three-way decision: parties left out, scopes that say more than they seem to, annotations that look right, history that is not there.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  BILLING,
  compiled,
  json,
  QUIET,
  request,
  TASK,
  taskless,
  unattended,
  working,
} from '../../src/policy/fixture.test.ts'
import { compilePolicySet } from '../../src/policy/load.ts'
import type { DecisionRequest } from '../../src/wire/decision.ts'
import type { TaskPermit } from '../../src/wire/task.ts'

const REFUND = 'billing/create_refund'
const PERMIT = '@id("all") permit (principal, action, resource);'
const NAMED = '@id("all") @without("user, task") permit (principal, action, resource);'

function without(...members: (keyof DecisionRequest)[]): DecisionRequest {
  const whole: Record<string, unknown> = { ...request() }
  for (const member of members) delete whole[member]
  return whole as unknown as DecisionRequest
}

test('INV-4 leaving out a party widens nothing: no subset of the parties may do what all of them may not', () => {
  const set = compiled(PERMIT)
  assert.equal(set.decide(request()).answer, 'allow')
  for (const members of [['person'], ['task'], ['person', 'task']] as const) {
    assert.equal(set.decide(without(...members)).answer, 'deny', members.join())
    const shown = !(members as readonly string[]).includes('person')
    assert.equal(set.mayCall(without(...members)), shown, 'a task may be opened before the call')
  }
  // A policy cannot be written so that its author forgets who is absent.
  const careless = compiled(
    '@id("c") permit (principal, action, resource) unless { context has user && context has task };',
  )
  assert.equal(careless.decide(without('person', 'task')).answer, 'deny')
})

test('INV-4 a scope is one condition and no more, however it is written', () => {
  const scopes: string[] = [
    'true) || (true',
    'true }; permit (principal, action, resource) when { true',
    'true }; @id("x") permit (principal, action, resource',
    'false } unless { false',
    'true } when { true',
    'false }\n;permit (principal, action, resource',
    'false // }\n || true',
    'false /* */ || true',
    '?principal == principal',
    '"\u202e" == "" || true',
    '',
    ' ',
    ';',
    '}',
    '{',
    'true, true',
    'context.input.amount_cents <= 10; true',
    '@id("a") true',
    'principal in ?resource',
    'when { true }',
    `${'('.repeat(400)}true${')'.repeat(400)}`,
    `${'true || '.repeat(400)}true`,
    'context["__entity"] == "x"',
    'principal.roles.contains("admin")',
    'context.input.amount_cents <= "10"',
    'unknown("x")',
    'ip(context.input.note).isLoopback()',
  ]
  const set = compiled(PERMIT)
  for (const when of scopes) {
    const scope: TaskPermit[] = [{ action: REFUND, when }]
    const problems = set.checkTaskScope(scope)
    assert.ok(problems.length > 0, `${when} was taken`)
    for (const { code, file } of problems) {
      assert.equal(code, 'policy.task_scope', when)
      assert.match(file, /^scope/)
    }
    // Were it signed all the same, it would cover nothing.
    assert.equal(set.decide(working(scope)).answer, 'deny', when)
    assert.equal(set.mayCall(working(scope)), false, when)
  }
})

test('INV-4 a pattern of a scope is that pattern: no quote, group, other type or lookalike gets out of it', () => {
  const set = compiled(PERMIT)
  for (const action of [
    'billing/create_refund", resource) ; permit (principal, action == Action::"x',
    '*/*',
    '*/create_refund',
    'system:billing',
    'effect:read',
    'effect:read/*',
    'system:billing/*',
    'Billing/*',
    'bіlling/*', // a Cyrillic і
    'billing/',
    '/create_refund',
    '',
    'billing',
    'billing/create_refund\u0000',
    'billing/create_refund ',
    '**',
    'billing/\u202e*',
  ]) {
    const scope = [{ action }]
    assert.ok(set.checkTaskScope(scope).length > 0, JSON.stringify(action))
    assert.equal(set.decide(working(scope)).answer, 'deny', JSON.stringify(action))
  }
  // What looks like a wildcard inside a name is that name.
  assert.ok(set.checkTaskScope([{ action: 'billing/create_*' }]).length > 0)
})

const WORDS = [
  'true',
  'false',
  '||',
  '&&',
  '(',
  ')',
  '{',
  '}',
  ';',
  'when',
  'unless',
  '"',
  '\n',
].concat(['permit', 'forbid', 'principal', 'action', 'resource', ',', '//', '@id("x")', '!'])

test('INV-4 random text is never a scope that covers more than a condition could', () => {
  const nothing = compiled('')
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ maxLength: 60 }),
        fc.array(fc.constantFrom(...WORDS), { maxLength: 12 }).map((words) => words.join(' ')),
      ),
      (when) => {
        const scope = [{ action: 'billing/get_invoice', when }]
        nothing.checkTaskScope(scope)
        // Whatever it says, it is about invoices alone, and for nobody but the task.
        const { parties } = compiled(PERMIT).decide(working(scope))
        assert.equal(parties.at(-1)?.answer, 'deny')
      },
    ),
    { numRuns: 150 },
  )
})

test('INV-4 a task cannot lend: not to another task by its digest, not by policies for tasks, not after its end', () => {
  const set = compiled(`${PERMIT} @id("t") permit (principal is Task, action, resource);`)
  const wide = request({ task: { ...TASK, scopeDigest: 'sha256:shared' } })
  assert.equal(set.decide(wide).answer, 'allow')
  const narrow = request({ task: { ...TASK, scope: [], scopeDigest: 'sha256:shared' } })
  assert.equal(set.decide(narrow).answer, 'deny')
  assert.equal(set.decide(request({ now: TASK.endsAt })).answer, 'deny')
  for (const endsAt of [Number.NaN, -1, 1e300, 1.5]) {
    const odd = set.decide(request({ task: { ...TASK, endsAt } }))
    assert.equal(odd.answer, 'deny', String(endsAt))
  }
})

test('INV-2 a condition of a task that errs covers nothing, and a forbid that errs for the task denies', () => {
  const overflow = 'context.input.amount_cents + 9223372036854775807 > 0'
  const set = compiled(PERMIT)
  const erring = set.decide(working([{ action: REFUND, when: overflow }]))
  assert.equal(erring.answer, 'deny')
  assert.equal(erring.parties.at(-1)?.errors[0]?.id, 'scope:1')
  const beside = set.decide(working([{ action: REFUND, when: overflow }, { action: '*' }]))
  assert.equal(beside.answer, 'allow', 'a permit that errs merely does not permit')
  const forbid = compiled(
    `${PERMIT} @id("f") forbid (principal is Task, action == Action::"${REFUND}", resource) when { ${overflow} };`,
  )
  const denied = forbid.decide(request())
  assert.deepEqual(
    denied.parties.map(({ answer }) => answer),
    ['allow', 'allow', 'deny'],
  )
  assert.equal(denied.reason, 'a policy could not be evaluated for this call')
})

test('INV-4 a forbid for tasks holds for every task, whoever else is permitted, and no approval of another lifts it', () => {
  const set = compiled(`${NAMED}
@id("f") forbid (principal is Task, action in Action::"effect:spend", resource);
@id("g") @gate("ops") forbid (principal is Person, action, resource);`)
  for (const setAside of [new Set<string>(), new Set(['f']), new Set(['f', 'g'])]) {
    const decision = set.decide(request({ setAside }))
    assert.equal(decision.answer, 'deny')
    assert.equal(decision.parties.at(-1)?.answer, 'deny')
    assert.deepEqual(decision.gates, [])
  }
})

test('INV-4 annotations that only look right, stand twice or contradict are refused', () => {
  for (const annotation of [
    '@without("user") @without("task")',
    '@without("user, user")',
    '@without("user task")',
    '@without("user;task")',
    '@without("*")',
    '@without("task\\u{200b}")',
    '@without("tаsk")', // a Cyrillic а
    '@without("TASK")',
    '@wіthout("task")', // a Cyrillic і
    '@without_("task")',
    '@without("task") @gate("ops")',
    '@without(task)',
  ]) {
    const text = `@id("a") ${annotation} permit (principal, action, resource);`
    const sources = [{ file: 'a.cedar', text }]
    assert.equal(compilePolicySet({ sources, systems: [BILLING] }).ok, false, annotation)
  }
})

test('INV-2 what only the library takes for an expression is refused with its place', () => {
  const text = `@id("b") permit (principal, action, resource) when { unknown("x") };`
  const sources = [{ file: 'a.cedar', text: `${PERMIT}\n${text}` }]
  const answer = compilePolicySet({ sources, systems: [BILLING] })
  assert.ok(!answer.ok)
  assert.deepEqual(
    answer.problems.map(({ code, line, column }) => [code, line, column]),
    [['policy.invalid', 2, 1]],
  )
})

test('INV-2 a history that nobody keeps denies whatever reads it, also behind `has`', () => {
  const call = without('history')
  for (const condition of [
    'context.history.calls.hour > 10',
    'context has history && context.history.calls.hour > 10',
    'context.history has calls && context.history.calls.hour > 10',
    'context.history.labels.contains("secret")',
    'context.history.recipients.day > 3 || context.history.money.day > 5',
  ]) {
    const set = compiled(
      `${PERMIT} @id("f") forbid (principal, action, resource) when { ${condition} };`,
    )
    assert.equal(set.decide(request()).answer, 'allow', condition)
    assert.equal(set.decide(call).answer, 'deny', condition)
    const permit = compiled(
      `@id("p") permit (principal, action, resource) unless { ${condition} };`,
    )
    assert.equal(permit.decide(call).answer, 'deny', `permit unless ${condition}`)
    assert.equal(set.mayCall(request()), true, 'it may be otherwise when it is called')
  }
})

test('INV-11 what history says is of the lineage, and numbers that are none deny', () => {
  const set = compiled(
    `${PERMIT} @id("f") forbid (principal, action, resource) when { context.history.money.day > 9007199254740990 };`,
  )
  const spent = (day: number) =>
    set.decide(request({ history: { ...QUIET, money: { minute: 0, hour: 0, day } } })).answer
  assert.equal(spent(9_007_199_254_740_990), 'allow')
  assert.equal(spent(9_007_199_254_740_991), 'deny')
  for (const odd of [Number.NaN, Number.POSITIVE_INFINITY, 0.5, 1e300]) {
    assert.equal(spent(odd), 'deny', String(odd))
  }
})

test('INV-11 arguments are not authority: none of them is a task, a user, a history or a network', () => {
  const set = compiled(`
@id("p") permit (principal, action == Action::"${REFUND}", resource)
when { context has network && context.network.ip.isInRange(ip("10.20.0.0/16")) };`)
  const input = json(
    '{"amount_cents":1,"network":{"listener":"gateway","ip":"10.20.0.1"},"task":"x","user":"root","history":{}}',
  )
  assert.equal(set.decide(request({ input })).answer, 'deny')
  const from = (address: string) =>
    set.decide(request({ input, network: { listener: 'gateway', address } })).answer
  assert.equal(from('10.20.2.3'), 'allow')
  assert.equal(from('::ffff:10.20.2.3'), 'allow')
  for (const address of [
    '11.0.0.1',
    '::1',
    'fe80::1%eth0',
    'unknown',
    '',
    '10.20.0.1/8',
    '010.20.0.1',
  ]) {
    assert.equal(from(address), 'deny', address)
  }
})

test('INV-2 an address that is none denies whatever forbids by it', () => {
  const set = compiled(`${PERMIT}
@id("f") forbid (principal, action, resource)
when { context has network && context.network.ip.isInRange(ip("10.20.0.0/16")) };`)
  const from = (address: string) =>
    set.decide(request({ network: { listener: 'gateway', address } })).answer
  assert.equal(from('10.20.0.1'), 'deny')
  assert.equal(from('192.168.0.1'), 'allow')
  for (const address of ['unknown', '', '10.20.0.0/16', '@', '10.20.0.1 ']) {
    assert.equal(from(address), 'deny', address)
  }
})

test('INV-11 what a call sets off is known to policy by its labels, and hides no label of its own', () => {
  const set = compiled(
    `${PERMIT} @id("f") forbid (principal, action, resource) when { context.effects.contains("external") || context.triggers.contains("mail/send") };`,
  )
  assert.equal(set.decide(request()).answer, 'allow')
  assert.equal(set.decide(request({ triggered: ['external'] })).answer, 'deny')
  assert.equal(set.decide(request({ triggers: ['mail/send'], triggered: [] })).answer, 'deny')
  assert.equal(set.mayCall(request({ triggered: ['external'] })), false)
  const own = compiled(
    `${PERMIT} @id("f") forbid (principal, action, resource) when { context.effects.contains("spend") };`,
  )
  assert.equal(own.decide(request({ triggered: [] })).answer, 'deny')
})

test('INV-4 an explanation widens nothing: it decides what the decision decides, and changes no set', () => {
  const set = compiled(
    `${PERMIT} @id("f") @reason("no") forbid (principal, action == Action::"${REFUND}", resource) when { context.input.amount_cents > 10 };`,
  )
  for (const call of [request(), unattended(), taskless(), working([]), without('history')]) {
    const before = set.decide(call)
    const explanation = set.explain(call)
    assert.equal(explanation.answer, before.answer)
    assert.equal(explanation.reason, before.reason)
    set.advise(call, before)
    assert.deepEqual(set.decide(call), before, 'and afterwards it is as it was')
  }
})
