// Holds the tests of a client's line: what is forwarded, under which headers, and what is answered at once.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '../../std/bytes.ts'
import { headersOf, isModern, MESSAGE_LIMIT, readLine } from './envelope.ts'

const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
}

function call(params: object): Uint8Array {
  return utf8(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }))
}

function headers(line: Uint8Array, negotiated?: string): Record<string, string> {
  const reading = readLine(line)
  assert.ok('message' in reading)
  const { message } = reading
  assert.ok(message.kind === 'request' || message.kind === 'notification')
  return headersOf(message, negotiated)
}

function answered(line: Uint8Array): { id: unknown; code: number; data: { code: string } } {
  const reading = readLine(line)
  assert.ok('answer' in reading)
  const { id, error } = JSON.parse(reading.answer) as {
    id: unknown
    error: { code: number; data: { code: string } }
  }
  return { id, code: error.code, data: error.data }
}

test('a 2026-07-28 request gets the headers that repeat its body', () => {
  const given = headers(call({ name: 'read_file', _meta: META }))
  assert.equal(given['mcp-protocol-version'], '2026-07-28')
  assert.equal(given['mcp-method'], 'tools/call')
  assert.equal(given['mcp-name'], 'read_file')
})

test('a name that no header can carry is wrapped in base64, and one that looks wrapped as well', () => {
  for (const name of ['grüße', ' padded ', 'a\nb', '=?base64?eA==?=', '']) {
    const value = headers(call({ name, _meta: META }))['mcp-name']
    const wrapped = /^=\?base64\?(.*)\?=$/.exec(value ?? '')
    assert.equal(Buffer.from(wrapped?.[1] ?? '', 'base64').toString('utf8'), name)
  }
})

test('a client with a handshake gets the revision that was agreed on, after it was', () => {
  const initialize = utf8('{"jsonrpc":"2.0","id":0,"method":"initialize","params":{}}')
  assert.equal(headers(initialize, '2025-11-25')['mcp-protocol-version'], undefined)
  const later = headers(call({ name: 'x' }), '2025-06-18')
  assert.equal(later['mcp-protocol-version'], '2025-06-18')
  assert.equal(later['mcp-method'], undefined)
  assert.equal(headers(call({ name: 'x' }))['mcp-protocol-version'], undefined)
})

test('the era is told by the message itself', () => {
  const modern = readLine(call({ name: 'x', _meta: META }))
  const legacy = readLine(call({ name: 'x' }))
  assert.ok('message' in modern && 'message' in legacy)
  assert.equal(isModern(modern.message), true)
  assert.equal(isModern(legacy.message), false)
})

test('what the strict reader refuses is answered at once, under its own id where it has one', () => {
  for (const [line, id, code, word] of [
    [
      '{"jsonrpc":"2.0","id":7,"method":"a","params":{"x":1,"x":2}}',
      7,
      -32700,
      'json.duplicate_key',
    ],
    [
      '{"jsonrpc":"2.0","id":"s","method":"a","params":{"x":1,"X":2}}',
      's',
      -32700,
      'json.ambiguous_key',
    ],
    ['{"jsonrpc":"2.0","id":1', null, -32700, 'json.syntax'],
    ['[]', null, -32600, 'bridge.message'],
    ['{"id":3}', 3, -32600, 'bridge.message'],
    ['"text"', null, -32600, 'bridge.message'],
  ] as const) {
    const { data, ...rest } = answered(utf8(line))
    assert.deepEqual(rest, { id, code })
    assert.equal(data.code, word)
  }
  assert.equal(answered(Uint8Array.of(0x22, 0xff, 0x22)).data.code, 'json.utf8')
})

test('a message larger than the gateway takes is refused under its id', () => {
  const large = call({ name: 'x', arguments: { text: 'a'.repeat(MESSAGE_LIMIT) } })
  const { id, data } = answered(large)
  assert.equal(id, 1)
  assert.equal(data.code, 'bridge.too_long')
})
