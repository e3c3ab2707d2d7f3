// Holds the gateway's wire: every other method, every wrong header and every wrong envelope refused with its own code.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Holder } from '../../src/cli/identity/holder.ts'
import { META } from '../../src/wire/mcp.ts'
import { Bailiwick, testServer } from './bailiwick.ts'
import { legacy, modern, send, type Answer } from './client.ts'

let bailiwick: Bailiwick
let holder: Holder

before(async () => {
  bailiwick = await Bailiwick.start()
  await bailiwick.pin('probe', testServer('fakes/sdk-upstream.ts', join(bailiwick.home, 'journal')))
  await bailiwick.apply(
    `@id("w") @without("task") permit (principal in Role::"worker", action == Action::"probe/echo", resource);`,
  )
  await bailiwick.agent('worker', ['worker'])
  holder = await bailiwick.enrol('worker')
})

after(() => bailiwick[Symbol.asyncDispose]())

function expect(answer: Answer, status: number, rpc: number | undefined, code: string): void {
  assert.deepEqual([answer.status, answer.rpc, answer.code], [status, rpc, code], answer.text)
  assert.ok(!/\bat .*\.ts\b|node_modules/.test(answer.text), 'no stack')
}

/** Methods of the protocol that this system was not pinned with. */
const NOT_PINNED = [
  'resources/list',
  'resources/read',
  'resources/subscribe',
  'resources/unsubscribe',
  'prompts/get',
  'completion/complete',
]

const OTHERS = [
  'sampling/createMessage',
  'elicitation/create',
  'roots/list',
  'tools/nothing',
  'constructor',
  '__proto__',
  '',
]

test('a method that a system was not pinned with is a call that there is not, and reaches nothing', async () => {
  const denied = (await bailiwick.records('call.denied')).length
  const outcomes = (await bailiwick.records('call.outcome')).length
  for (const method of NOT_PINNED) {
    const params = {
      name: 'x',
      uri: 'file:///etc/passwd',
      ref: { type: 'ref/prompt', name: 'x' },
      argument: { name: 'a', value: 'b' },
    }
    const old = await send(bailiwick, holder, legacy(method, params))
    assert.ok(['resolve.unknown_action', 'mcp.method'].includes(old.code ?? ''), old.text)
    assert.doesNotMatch(old.text, /root:/)
  }
  assert.ok((await bailiwick.records('call.denied')).length > denied)
  assert.equal((await bailiwick.records('call.outcome')).length, outcomes)
})

test('every other method is refused in both eras, and names itself', async () => {
  for (const method of OTHERS) {
    const params = { name: 'x', uri: 'file:///etc/passwd', level: 'debug' }
    const old = await send(bailiwick, holder, legacy(method, params))
    // A 2025 client takes 404 for the end of its session.
    expect(old, 200, -32601, 'mcp.method')
    assert.ok(old.text.includes(JSON.stringify(JSON.stringify(method)).slice(1, -1)), old.text)
    const { headers, body } = modern(method, params)
    expect(await send(bailiwick, holder, { headers, body }), 404, -32601, 'mcp.method')
  }
  expect(await send(bailiwick, holder, legacy('server/discover')), 200, -32601, 'mcp.method')
  for (const method of ['ping', 'initialize']) {
    expect(await send(bailiwick, holder, modern(method)), 404, -32601, 'mcp.method')
  }
  assert.equal(
    (await send(bailiwick, holder, legacy('ping'))).text,
    '{"jsonrpc":"2.0","id":1,"result":{}}',
  )
})

test('headers that say something else than the body are refused with -32020', async () => {
  const call = modern('tools/call', { name: 'echo', arguments: { text: 'x' } })
  const without = (name: string): Record<string, string> => {
    const { [name]: _dropped, ...rest } = call.headers
    return rest
  }
  for (const headers of [
    { ...call.headers, 'mcp-protocol-version': '2025-11-25' },
    { ...call.headers, 'mcp-protocol-version': '2026-07-29' },
    { ...call.headers, 'mcp-method': 'tools/list' },
    { ...call.headers, 'mcp-method': 'TOOLS/CALL' },
    { ...call.headers, 'mcp-name': 'hidden' },
    { ...call.headers, 'mcp-name': 'Echo' },
    { ...call.headers, 'mcp-name': '=?base64?aGlkZGVu?=' },
    { ...call.headers, 'mcp-name': '=?base64?%%%?=' },
    without('mcp-protocol-version'),
    without('mcp-method'),
    without('mcp-name'),
  ]) {
    expect(await send(bailiwick, holder, { headers, body: call.body }), 400, -32020, 'mcp.headers')
  }
  const wrapped = { ...call.headers, 'mcp-name': '=?base64?ZWNobw==?=' }
  const taken = await send(bailiwick, holder, { headers: wrapped, body: call.body })
  assert.equal(taken.status, 200, taken.text)
  const handshake = { headers: modern('initialize').headers, body: legacy('initialize').body }
  expect(await send(bailiwick, holder, handshake), 400, -32020, 'mcp.headers')
})

test('an envelope that is missing or of another revision is refused with -32602 or -32022', async () => {
  const { headers } = modern('tools/list')
  const list = (params: unknown): string =>
    JSON.stringify({ jsonrpc: '2.0', id: 'a', method: 'tools/list', params })
  for (const params of [
    undefined,
    {},
    { _meta: {} },
    { _meta: null },
    { _meta: { [META.version]: '2026-07-28' } },
    { _meta: { [META.version]: '2026-07-28', [META.clientCapabilities]: [] } },
    { _meta: { [META.version]: 20260728, [META.clientCapabilities]: {} } },
  ]) {
    const body = list(params)
    expect(await send(bailiwick, holder, { headers, body }), 400, -32602, 'mcp.envelope')
  }
  for (const version of ['2025-11-25', '2027-01-01', 'DRAFT', '', '2026-07-28 ']) {
    const _meta = { [META.version]: version, [META.clientCapabilities]: {} }
    const trimmed = { ...headers, 'mcp-protocol-version': version.trim() }
    const answer = await send(bailiwick, holder, { headers: trimmed, body: list({ _meta }) })
    if (version.trim() === version) {
      expect(answer, 400, -32022, 'mcp.version')
      assert.match(answer.text, /"supported":\["2026-07-28"\]/)
    } else expect(answer, 400, -32020, 'mcp.headers')
  }
  const strange = { ...legacy('tools/list').headers, 'mcp-protocol-version': 'nonsense' }
  const body = legacy('tools/list').body
  expect(await send(bailiwick, holder, { headers: strange, body }), 400, -32600, 'mcp.version')
})

test('what is no single JSON-RPC request or notification is refused with -32600', async () => {
  const { headers, body } = legacy('tools/list')
  for (const one of [
    `[${body}]`,
    '[]',
    'null',
    '"text"',
    '7',
    '{}',
    '{"jsonrpc":"1.0","id":1,"method":"tools/list"}',
    '{"id":1,"method":"tools/list"}',
    '{"jsonrpc":"2.0","id":1}',
    '{"jsonrpc":"2.0","id":1,"result":{}}',
    '{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"x"}}',
    '{"jsonrpc":"2.0","id":null,"method":"tools/list"}',
    '{"jsonrpc":"2.0","id":1.5,"method":"tools/list"}',
    '{"jsonrpc":"2.0","id":true,"method":"tools/list"}',
    '{"jsonrpc":"2.0","id":{},"method":"tools/list"}',
    '{"jsonrpc":"2.0","id":9007199254740993,"method":"tools/list"}',
    '{"jsonrpc":"2.0","id":1,"method":7}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":[]}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":"x"}',
  ]) {
    expect(await send(bailiwick, holder, { headers, body: one }), 400, -32600, 'mcp.message')
  }
})

test('arguments that are none are refused before anything is decided', async () => {
  for (const params of [
    {},
    { name: 7 },
    { name: null, arguments: {} },
    { name: 'echo', arguments: [] },
    { name: 'echo', arguments: 'text' },
    { name: 'echo', arguments: null },
  ]) {
    const answer = await send(bailiwick, holder, legacy('tools/call', params))
    expect(answer, 200, -32602, 'mcp.message')
  }
})

test('other HTTP methods, other content and other addresses are refused as problem documents', async () => {
  const { headers, body } = legacy('tools/list')
  for (const method of ['GET', 'DELETE', 'PUT', 'OPTIONS'] as const) {
    const answer = await send(bailiwick, holder, { method, headers })
    expect(answer, 405, undefined, 'http.method')
    assert.equal(answer.headers['allow'], 'POST')
    assert.equal(answer.type, 'application/problem+json')
  }
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx', '']) {
    const wrong = { ...headers, 'content-type': type }
    expect(
      await send(bailiwick, holder, { headers: wrong, body }),
      415,
      undefined,
      'http.media_type',
    )
  }
  const charset = { ...headers, 'content-type': 'Application/JSON; charset=utf-8' }
  assert.equal((await send(bailiwick, holder, { headers: charset, body })).status, 200)
  for (const path of ['/', '/mcp/', '/mcp/probe/', '/v1/agents', '/mcp/probe/x']) {
    expect(await send(bailiwick, holder, { path, headers, body }), 404, undefined, 'http.path')
  }
  const unknown = await send(bailiwick, holder, { path: '/mcp/nothing', headers, body })
  expect(unknown, 404, -32602, 'resolve.unknown_system')
})

test('notifications are taken and answered with nothing', async () => {
  for (const method of ['notifications/initialized', 'notifications/cancelled', 'what/ever']) {
    const body = JSON.stringify({ jsonrpc: '2.0', method, params: { requestId: 'nobody' } })
    const answer = await send(bailiwick, holder, { headers: legacy('x').headers, body })
    assert.deepEqual([answer.status, answer.text], [202, ''])
  }
})
