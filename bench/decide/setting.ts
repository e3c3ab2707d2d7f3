// Holds what the bench of decisions decides: systems, policies and calls in any number, and entities for the engine alone.

import type { EntityJson } from '@cedar-policy/cedar-wasm/nodejs'
import { entitiesFromJson, frameFromJson } from '../../src/policy/cedar/question-json.ts'
import type { Question } from '../../src/policy/engine.ts'
import { withCedar } from '../../src/policy/library.ts'
import { compilePolicySet } from '../../src/policy/load.ts'
import type { Policy } from '../../src/policy/policy.ts'
import type { PolicySet } from '../../src/policy/set.ts'
import type { DecisionRequest } from '../../src/wire/decision.ts'
import type { SystemDefinition } from '../../src/wire/system.ts'

const SYSTEMS = 10
const ACTIONS = 20
const ROLES = 5

/** Policies that are in scope of a question, however many there are in all. */
const IN_SCOPE = 10

/** Calls that differ in who, what and with which arguments; asked in turn. */
const CALLS = 200

const INPUT = {
  type: 'object',
  properties: { amount: { type: 'integer' }, note: { type: 'string' } },
  required: ['amount', 'note'],
  additionalProperties: false,
}

/** Where the policies of a group stand: each group is about one action and one role. */
function placed(group: number): {
  readonly system: string
  readonly action: string
  readonly role: number
} {
  const at = group % (SYSTEMS * ACTIONS)
  const role = (group + Math.floor(group / (SYSTEMS * ACTIONS))) % ROLES
  return { system: `s${Math.floor(at / ACTIONS)}`, action: `a${at % ACTIONS}`, role }
}

/** The group that a question is about, where there are so many policies. */
function groupOf(at: number, policies: number): number {
  return at % Math.ceil(policies / IN_SCOPE)
}

/** Ten systems with twenty actions each. */
function systems(): SystemDefinition[] {
  return Array.from({ length: SYSTEMS }, (_, at) => ({
    name: `s${at}`,
    transport: { kind: 'stdio', command: '/bin/true', args: [], env: [] },
    era: '2025-11-25',
    server: { name: `s${at}`, version: '1' },
    actions: Array.from({ length: ACTIONS }, (_action, action) => ({
      name: `a${action}`,
      inputSchema: structuredClone(INPUT),
      effects: ['write'],
      digest: 'sha256:bench',
    })),
    maxProcesses: 1,
    digest: 'sha256:bench',
  }))
}

/** So many policies as a set has them, without what validating them costs. Throws where the library does not parse one. */
export function policiesOf(count: number): Policy[] {
  return policyTexts(count).map((text, at): Policy => {
    const answer = withCedar((cedar) => cedar.policyToJson(text))
    if (answer.type === 'failure') throw new Error(answer.errors[0]?.message)
    const { json } = answer
    return { id: `p${at}`, effect: json.effect, file: 'bench.cedar', line: at + 1, text, json }
  })
}

/** So many policies, ten of them about one action and role; every tenth forbids. One condition looks at an integer, one at a text. */
function policyTexts(count: number): string[] {
  return Array.from({ length: count }, (_, at) => {
    const { system, action, role } = placed(Math.floor(at / IN_SCOPE))
    const effect = at % IN_SCOPE === IN_SCOPE - 1 ? 'forbid' : 'permit'
    const head = `principal in Role::"r${role}", action == Action::"${system}/${action}", resource`
    const amount = effect === 'permit' ? `<= ${1_000 + (at % 500)}` : '< 100'
    return `@id("p${at}") ${effect} (${head})\nwhen { context.input.amount ${amount} && context.input.note like "n*${at % 7}" };`
  })
}

/** The set of so many policies. Throws where they do not compile. */
export function setOf(count: number): PolicySet {
  const compiled = compilePolicySet({
    sources: [{ file: 'bench.cedar', text: policyTexts(count).join('\n') }],
    systems: systems(),
  })
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems[0]))
  return compiled.set
}

/** The calls: an agent on behalf of a person, for a task that covers everything, as the gateway asks. */
export function calls(policies: number): DecisionRequest[] {
  const windows = { minute: 3, hour: 40, day: 200 }
  return Array.from({ length: CALLS }, (_, at): DecisionRequest => {
    const { system, action, role } = placed(groupOf(at, policies))
    return {
      agent: { instance: `i${at % 100}`, name: `g${at % 100}`, roles: [`r${role}`] },
      person: { id: `u${at % 10}`, roles: [`r${role}`] },
      task: {
        id: `t${at % 10}`,
        intent: 'look after what is asked of the bench',
        person: `u${at % 10}`,
        scope: SCOPE,
        budget: {},
        endsAt: 1_800_000_000_000,
        scopeDigest: 'sha256:bench',
      },
      history: {
        calls: windows,
        writes: windows,
        same: windows,
        denials: windows,
        errors: windows,
        money: windows,
        bytes: windows,
        recipients: windows,
        actions: ['s0/a0', 's1/a1'],
        labels: [],
      },
      network: { listener: 'gateway', address: '127.0.0.1' },
      system,
      action,
      input: { amount: 900 + at * 3, note: `nabc${at % 10}` },
      effects: ['write'],
      now: 1_795_341_600_000,
      setAside: new Set(),
    }
  })
}

const SCOPE = [{ action: '*' }]

/** Instances, half as many as entities, each of an agent of its own that has a role. */
export function entities(count: number): EntityJson[] {
  return Array.from({ length: count / 2 }, (_, at): EntityJson[] => [
    {
      uid: { type: 'Instance', id: `i${at}` },
      attrs: {},
      parents: [{ type: 'Agent', id: `g${at}` }],
    },
    {
      uid: { type: 'Agent', id: `g${at}` },
      attrs: {},
      parents: [{ type: 'Role', id: `r${at % ROLES}` }],
    },
  ]).flat()
}

/** The same questions for the engine alone and for the library: one principal among all those entities. */
export function questions(all: readonly EntityJson[], policies: number): Question[] {
  const known = entitiesFromJson(all)
  const agents = all.length / 2
  return Array.from({ length: CALLS }, (_, at): Question => {
    const { system, action, role } = placed(groupOf(at, policies))
    // Spread over all of them, so that what the machine has in its caches is not always the one that is asked about.
    const agent = role + ROLES * ((at * 7_919) % (agents / ROLES))
    const json = {
      principal: { type: 'Instance', id: `i${agent}` },
      action: { type: 'Action', id: `${system}/${action}` },
      resource: { type: 'System', id: system },
      context: { input: { amount: 900 + at * 3, note: `nabc${at % 7}` } },
      entities: [...all],
    }
    return {
      frame: { ...frameFromJson({ ...json, entities: [] }), entities: known },
      json: () => json,
      scope() {
        throw new Error('the bench asks the whole set')
      },
    }
  })
}
