// Holds the tests of the check of results against output schemas.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../std/json.ts'
import { outputSchemaProblem, resultProblem } from './results.ts'

const outputSchema: JsonObject = {
  type: 'object',
  properties: { celsius: { type: 'number' }, city: { type: 'string', maxLength: 8 } },
  required: ['celsius'],
}
const action = { name: 'weather', digest: 'sha256:weather', outputSchema }

test('a result that fits passes, with members that the schema does not speak of', () => {
  assert.equal(
    resultProblem(action, { content: [], structuredContent: { celsius: 21.5, wind: 'north' } }),
    undefined,
  )
})

test('MCP "Output Schema": a tool that declares one MUST answer structured content that conforms', () => {
  assert.match(resultProblem(action, { content: [] }) ?? '', /without its structured content/)
  assert.match(
    resultProblem(action, { structuredContent: { celsius: 'warm' } }) ?? '',
    /^`\/?celsius` of the result of `weather` does not fit/,
  )
  assert.match(resultProblem(action, { structuredContent: {} }) ?? '', /does not fit/)
  assert.match(resultProblem(action, { structuredContent: [1] }) ?? '', /does not fit/)
})

test('what the tool calls an error, and a tool without a schema, need no structured content', () => {
  assert.equal(resultProblem(action, { isError: true, content: [] }), undefined)
  assert.equal(resultProblem({ name: 'free', digest: 'sha256:free' }, { content: [] }), undefined)
})

test('a problem never quotes what the result holds', () => {
  const secret = 'hunter2-and-more'
  const problem = resultProblem(action, { structuredContent: { celsius: 1, city: secret } })
  assert.ok(problem !== undefined && !problem.includes('hunter2'))
})

test('a schema that cannot be read fits nothing', () => {
  const outside: JsonObject = { $ref: 'https://example.com/schema.json' }
  assert.notEqual(outputSchemaProblem(outside), undefined)
  const unreadable = { name: 'odd', digest: 'sha256:odd', outputSchema: outside }
  assert.match(resultProblem(unreadable, { structuredContent: {} }) ?? '', /cannot be read/)
})
