// Holds the systems, sets and requests that the tests of this floor are about.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { digest } from '../std/bytes.ts'
import { canonicalJson, parseJson, type Json, type JsonObject } from '../std/json.ts'
import type { DecisionRequest } from '../wire/decision.ts'
import type { Effect } from '../wire/effect.ts'
import type { HistoryFacts, Windows } from '../wire/history.ts'
import type { SystemDefinition } from '../wire/system.ts'
import type { TaskFacts, TaskPermit } from '../wire/task.ts'
import { compilePolicySet } from './load.ts'
import type { PolicySet } from './set.ts'

/** Strict JSON, as a call's arguments arrive. */
export function json(text: string): JsonObject {
  return parseJson(new TextEncoder().encode(text)) as JsonObject
}

/** A system with the given actions: name, JSON Schema text or value, effects. */
export function system(
  name: string,
  actions: Readonly<Record<string, { input: object; effects?: readonly Effect[] }>>,
): SystemDefinition {
  return {
    name,
    transport: { kind: 'stdio', command: '/bin/true', args: [], env: [] },
    era: '2025-11-25',
    server: { name, version: '1' },
    actions: Object.entries(actions).map(([action, { input, effects }]) => ({
      name: action,
      inputSchema: json(JSON.stringify(input)),
      effects: effects ?? ['read'],
      digest: 'sha256:x',
    })),
    maxProcesses: 1,
    digest: 'sha256:x',
  }
}

/** DESIGN §6's example. */
export const BILLING = system('billing', {
  create_refund: {
    input: {
      type: 'object',
      properties: { amount_cents: { type: 'integer' }, note: { type: 'string' } },
      required: ['amount_cents'],
    },
    effects: ['write', 'spend'],
  },
  get_invoice: { input: { type: 'object', properties: { id: { type: 'string' } } } },
  unlabelled: { input: { type: 'object' }, effects: [] },
})

/** DESIGN §6's policy, word for word. */
export const FINANCE_GATE = `
@id("refunds-over-100-need-finance")
@gate("finance")                       // who may lift this forbid for one call: a hold, not a denial
@reason("refunds above 100 EUR are reviewed by finance")
forbid (principal in Role::"support", action == Action::"billing/create_refund", resource)
when { context.input.amount_cents > 10000 };
`

/** A set that must compile. */
export function compiled(
  text: string,
  systems: readonly SystemDefinition[] = [BILLING],
): PolicySet {
  const result = compilePolicySet({ sources: [{ file: 'test.cedar', text }], systems })
  assert.ok(result.ok, JSON.stringify(result))
  return result.set
}

/** A task for which everything may be called. */
export const TASK: TaskFacts = {
  id: 'task-1',
  intent: 'look after the refunds of today',
  person: 'ada',
  scope: [{ action: '*' }],
  budget: {},
  endsAt: 1_795_345_200_000,
  scopeDigest: 'sha256:everything',
}

const NONE: Windows = { minute: 0, hour: 0, day: 0 }

/** A lineage that has done nothing yet. */
export const QUIET: HistoryFacts = {
  calls: NONE,
  writes: NONE,
  same: NONE,
  denials: NONE,
  errors: NONE,
  money: NONE,
  bytes: NONE,
  recipients: NONE,
  actions: [],
  labels: [],
}

/** A refund asked for by an agent of support, on behalf of a person of support, for a task that covers everything. */
export function request(change: Partial<DecisionRequest> = {}): DecisionRequest {
  return {
    agent: { instance: '0192-1', name: 'helper', roles: ['support'] },
    person: { id: 'ada', roles: ['support'] },
    task: TASK,
    history: QUIET,
    system: 'billing',
    action: 'create_refund',
    input: json('{"amount_cents": 500}'),
    effects: ['write', 'spend'],
    now: 1_795_341_600_000,
    setAside: new Set(),
    ...change,
  }
}

/** A request without its person: an unattended agent's. */
export function unattended(change: Partial<DecisionRequest> = {}): DecisionRequest {
  const { person: _, ...rest } = request(change)
  return rest
}

/** A request without its task: a taskless agent's. */
export function taskless(change: Partial<DecisionRequest> = {}): DecisionRequest {
  const { task: _, ...rest } = request(change)
  return rest
}

/** A request whose task has the scope given. */
export function working(
  scope: readonly TaskPermit[],
  change: Partial<DecisionRequest> = {},
): DecisionRequest {
  const scopeDigest = digest(canonicalJson(scope as unknown as Json))
  return request({ ...change, task: { ...TASK, ...change.task, scope, scopeDigest } })
}

test('the fixture compiles, and an empty set denies', () => {
  const decision = compiled('').decide(request())
  assert.equal(decision.answer, 'deny')
  assert.equal(decision.reason, 'no policy permits this call')
})
