// Holds the vectors after Cedar's documentation: each is asked of the library and of what is compiled, and has to be what the page says.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { CedarValueJson, EntityJson } from '@cedar-policy/cedar-wasm/nodejs'
import { isObject, JsonNumber, parseJson, type Json } from '../../src/std/json.ts'
import { oracle, type Verdict } from './oracle.ts'
import { ours } from './ours.ts'
import type { SampleLink, SamplePolicies } from './policy.ts'
import type { EntityName } from './value.ts'
import type { SampleRequest } from './world.ts'

const { rawJSON } = JSON as unknown as { rawJSON: (this: void, text: string) => CedarValueJson }

/** Integers are read exactly, and handed on so. */
function cedarJson(value: Json): CedarValueJson {
  if (value instanceof JsonNumber) return rawJSON(value.text)
  if (Array.isArray(value)) return value.map(cedarJson)
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, cedarJson(inner)]))
}

function vectors<T>(name: string): T {
  const bytes = readFileSync(new URL(`../vectors/cedar/${name}.json`, import.meta.url))
  return cedarJson(parseJson(bytes)) as unknown as T
}

type Expected = 'true' | 'false' | 'error' | 'refused'

interface Expressions {
  readonly entities: readonly EntityJson[]
  readonly context: Record<string, CedarValueJson>
  readonly sections: Readonly<Record<string, readonly (readonly [string, Expected])[]>>
}

interface Scenario extends Partial<Record<'policies' | 'templates', Record<string, string>>> {
  readonly name: string
  readonly links?: readonly SampleLink[]
  readonly questions: readonly (readonly [
    principal: string,
    action: string,
    resource: string,
    context: Record<string, CedarValueJson>,
    decision: Verdict['decision'],
    reasons: readonly string[],
    errors: readonly string[],
  ])[]
}

interface Scenarios {
  readonly entities: readonly EntityJson[]
  readonly scenarios: readonly Scenario[]
}

function named(text: string): EntityName {
  const [type = '', id = ''] = text.split('::')
  return { type, id }
}

const NOTHING = { templates: new Map<string, string>(), links: [] }

/** Both sides, asked the same. */
function both(world: SamplePolicies & { entities: readonly EntityJson[] }, request: SampleRequest) {
  const library = oracle(world)
  if (typeof library === 'string') return { library, compiled: library }
  return { library: library(request), compiled: ours(world)(request) }
}

function said(verdict: Verdict | string): Expected {
  if (typeof verdict === 'string') return 'refused'
  if (verdict.errors.length > 0) return 'error'
  return verdict.decision === 'allow' ? 'true' : 'false'
}

const expressions = vectors<Expressions>('expressions')
for (const [section, rows] of Object.entries(expressions.sections)) {
  test(`Cedar documentation, operators and data types: ${section}`, () => {
    assert.ok(rows.length > 0)
    for (const [text, expected] of rows) {
      const policies = new Map([['p', `permit (principal, action, resource) when { ${text} };`]])
      const request = {
        principal: named('User::ada'),
        action: named('Action::view'),
        resource: named('Photo::beach'),
        context: expressions.context,
      }
      const answers = both({ ...NOTHING, ...expressions, policies }, request)
      assert.equal(said(answers.library), expected, `library: ${text}`)
      assert.equal(said(answers.compiled), expected, `compiled: ${text}`)
    }
  })
}

const { entities, scenarios } = vectors<Scenarios>('scenarios')
for (const { name, policies = {}, templates = {}, links = [], questions } of scenarios) {
  test(`Cedar documentation, policies: ${name}`, () => {
    const world = {
      entities,
      links,
      policies: new Map(Object.entries(policies)),
      templates: new Map(Object.entries(templates)),
    }
    assert.ok(questions.length > 0)
    for (const [principal, action, resource, context, decision, reasons, errors] of questions) {
      const request = {
        principal: named(principal),
        action: named(`Action::${action}`),
        resource: named(resource),
        context,
      }
      for (const [side, answer] of Object.entries(both(world, request))) {
        if (typeof answer === 'string') assert.fail(`${side}: ${answer}`)
        const { messages: _, ...rest } = answer
        const question = [principal, action, resource].join(' ')
        assert.deepEqual(rest, { decision, reasons, errors }, `${side}: ${question}`)
      }
    }
  })
}
