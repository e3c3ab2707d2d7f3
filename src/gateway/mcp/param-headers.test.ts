// Holds the header rule for arguments: what a schema marks has to stand in the headers as it stands in the body.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ActionDefinition } from '../../wire/system.ts'
import { paramHeaderProblem, paramHeaders } from './param-headers.ts'

const action: ActionDefinition = {
  name: 'query',
  inputSchema: {
    type: 'object',
    properties: {
      region: { type: 'string', 'x-mcp-header': 'Region' },
      limits: { type: 'object', properties: { rows: { type: 'integer', 'x-mcp-header': 'Rows' } } },
      plain: { type: 'string' },
    },
  },
  effects: [],
  digest: 'sha256:x',
}

const input = { region: 'eu', limits: { rows: 10 }, plain: 'x' }

test('MCP 2026-07-28, SEP-2243: headers that say what the body says are taken', () => {
  const headers = { 'mcp-param-region': 'eu', 'mcp-param-rows': '10' }
  assert.equal(paramHeaderProblem(action, input, headers), undefined)
  const wrapped = `=?base64?${Buffer.from('eu').toString('base64')}?=`
  assert.equal(
    paramHeaderProblem(action, input, { ...headers, 'mcp-param-region': wrapped }),
    undefined,
  )
})

test('MCP 2026-07-28, SEP-2243: a header that is missing, broken or says another thing is refused', () => {
  const good = { 'mcp-param-region': 'eu', 'mcp-param-rows': '10' }
  for (const bad of [
    { 'mcp-param-rows': '10' },
    { ...good, 'mcp-param-region': 'us' },
    { ...good, 'mcp-param-region': '=?base64?ZXU?=' },
    { ...good, 'mcp-param-region': '=?base64?Z!!=?=' },
    { ...good, 'mcp-param-region': ['eu', 'eu'] },
    { ...good, 'mcp-param-rows': '1e1' },
    { ...good, 'mcp-param-rows': '0x0a' },
  ]) {
    assert.notEqual(paramHeaderProblem(action, input, bad), undefined, JSON.stringify(bad))
  }
})

test('an argument that is not there needs no header', () => {
  assert.equal(paramHeaderProblem(action, { plain: 'x' }, {}), undefined)
})

test('what goes out repeats the arguments in headers that cannot break a line', () => {
  assert.deepEqual(paramHeaders(action, { ...input, region: 'a\r\nb: c' }), {
    'mcp-param-region': `=?base64?${Buffer.from('a\r\nb: c').toString('base64')}?=`,
    'mcp-param-rows': '10',
  })
})
