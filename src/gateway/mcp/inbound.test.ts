// Holds tests of the reading of inbound messages: the era comes from the body, and headers may only agree with it.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { utf8 } from '../../std/bytes.ts'
import { readInbound } from './inbound.ts'

const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
}
const HEADERS = {
  'mcp-protocol-version': '2026-07-28',
  'mcp-method': 'tools/call',
  'mcp-name': 'echo',
}
const modern = (more: object = {}, meta: object = META): object => ({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'echo', arguments: {}, _meta: meta },
  ...more,
})

function told(headers: Record<string, string>, message: unknown): string {
  const read = readInbound(headers, utf8(JSON.stringify(message)))
  if ('rejected' in read) return `${read.status} ${read.rpc} ${read.code}`
  return `${read.era} ${read.message.kind}`
}

describe('MCP 2026-07-28, Streamable HTTP, standard request headers (SEP-2243)', () => {
  for (const [name, headers, message, expected] of [
    ['headers that agree', HEADERS, modern(), '2026-07-28 request'],
    [
      'a wrapped name',
      { ...HEADERS, 'mcp-name': `=?base64?${Buffer.from('echo').toString('base64')}?=` },
      modern(),
      '2026-07-28 request',
    ],
    [
      'a broken wrapping',
      { ...HEADERS, 'mcp-name': '=?base64?!!?=' },
      modern(),
      '400 -32020 mcp.headers',
    ],
    ['another method', { ...HEADERS, 'mcp-method': 'ping' }, modern(), '400 -32020 mcp.headers'],
    ['another name', { ...HEADERS, 'mcp-name': 'other' }, modern(), '400 -32020 mcp.headers'],
    [
      'another version',
      { ...HEADERS, 'mcp-protocol-version': '2025-11-25' },
      modern(),
      '400 -32020 mcp.headers',
    ],
    ['no headers at all', {}, modern(), '400 -32020 mcp.headers'],
    [
      'no name header',
      { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call' },
      modern(),
      '400 -32020 mcp.headers',
    ],
    [
      'a header without the envelope',
      HEADERS,
      modern({ params: { name: 'echo' } }),
      '400 -32602 mcp.envelope',
    ],
    [
      'an envelope without capabilities',
      HEADERS,
      modern({}, { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' }),
      '400 -32602 mcp.envelope',
    ],
    [
      'a version that is no text',
      HEADERS,
      modern({}, { ...META, 'io.modelcontextprotocol/protocolVersion': 7 }),
      '400 -32602 mcp.envelope',
    ],
    [
      'a version that is not served',
      { ...HEADERS, 'mcp-protocol-version': '2027-01-01' },
      modern({}, { ...META, 'io.modelcontextprotocol/protocolVersion': '2027-01-01' }),
      '400 -32022 mcp.version',
    ],
    [
      'initialize under a modern header',
      { 'mcp-protocol-version': '2026-07-28' },
      { jsonrpc: '2.0', id: 1, method: 'initialize', params: {} },
      '400 -32020 mcp.headers',
    ],
    [
      'a notification needs no headers',
      {},
      { jsonrpc: '2.0', method: 'notifications/cancelled', params: { _meta: META } },
      '2026-07-28 notification',
    ],
  ] as const) {
    test(`${name}: ${expected}`, () => assert.equal(told(headers, message), expected))
  }
})

describe('MCP 2025-11-25', () => {
  for (const [name, message, expected] of [
    ['a request', { jsonrpc: '2.0', id: 'a', method: 'ping' }, '2025-11-25 request'],
    [
      'a notification',
      { jsonrpc: '2.0', method: 'notifications/initialized' },
      '2025-11-25 notification',
    ],
    ['a batch', [{ jsonrpc: '2.0', id: 1, method: 'ping' }], '400 -32600 mcp.message'],
    ['a response', { jsonrpc: '2.0', id: 1, result: {} }, '400 -32600 mcp.message'],
    ['a null id', { jsonrpc: '2.0', id: null, method: 'ping' }, '400 -32600 mcp.message'],
    ['a fraction as id', { jsonrpc: '2.0', id: 1.5, method: 'ping' }, '400 -32600 mcp.message'],
    ['no version', { id: 1, method: 'ping' }, '400 -32600 mcp.message'],
    [
      'params as a list',
      { jsonrpc: '2.0', id: 1, method: 'ping', params: [] },
      '400 -32600 mcp.message',
    ],
    [
      'method and result',
      { jsonrpc: '2.0', id: 1, method: 'ping', result: {} },
      '400 -32600 mcp.message',
    ],
  ] as const) {
    test(`${name}: ${expected}`, () => assert.equal(told({}, message), expected))
  }
})

test('INV-10 any bytes and any headers get an answer, and no exception', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.json().map(utf8)),
      fc.dictionary(
        fc.constantFrom('mcp-protocol-version', 'mcp-method', 'mcp-name'),
        fc.string({ maxLength: 30 }),
      ),
      (body, headers) => {
        const read = readInbound(headers, body)
        if ('rejected' in read) assert.ok(read.status >= 400 && read.detail.length > 0)
      },
    ),
    { numRuns: 3_000 },
  )
})
