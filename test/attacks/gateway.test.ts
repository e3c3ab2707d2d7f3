// Holds attacks on the gateway by what is said: bodies made to hurt or to be read in two ways, names, paths and origins.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { legacy, modern, send, type Answer } from '../e2e/client.ts'
import { testServer } from '../e2e/bailiwick.ts'
import { discreet, Target } from './target.ts'

let target: Target

before(async () => {
  target = await Target.open()
})

after(() => target[Symbol.asyncDispose]())

const MIB = 1_048_576

function call(args: string, name = '"echo"', id = '1'): string {
  return `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":${name},"arguments":${args}}}`
}

/** Sends every body, and expects its code, its status, and a well server after all of them. */
async function expect(
  cases: readonly (readonly [body: string | Uint8Array, status: number, code: string])[],
): Promise<void> {
  const before = target.journal().length
  for (const [body, status, code] of cases) {
    const answer = await target.body(body)
    const shown = String(body).slice(0, 80)
    assert.deepEqual([answer.status, answer.code], [status, code], `${shown}: ${answer.text}`)
    discreet(answer.text)
  }
  assert.equal(target.journal().length, before, 'nothing of it reached the upstream')
  await target.well()
}

test('INV-10 bodies that are no strict JSON get a code', () =>
  expect([
    ['', 400, 'json.syntax'],
    ['{', 400, 'json.syntax'],
    [call('{"text":"a"}').slice(0, -1), 400, 'json.syntax'],
    [`${call('{"text":"a"}')}${call('{"text":"b"}')}`, 400, 'json.syntax'],
    [call("{'text':'a'}"), 400, 'json.syntax'],
    [call('{"text":"a",}'), 400, 'json.syntax'],
    [call('{"text":/* */"a"}'), 400, 'json.syntax'],
    [call('{"text":"a\nb"}'), 400, 'json.syntax'],
    [call('{"text":"a\u0000b"}'), 400, 'json.syntax'],
    [`\u0000${call('{"text":"a"}')}`, 400, 'json.syntax'],
    [`${call('{"text":"a"}')}\u0000`, 400, 'json.syntax'],
    [call('{"text":"\\x41"}'), 400, 'json.syntax'],
    [call('{"text":"a"}', '"echo"', '01'), 400, 'json.syntax'],
    [call('{"text":"a"}', '"echo"', 'NaN'), 400, 'json.syntax'],
    [call('{"text":"a"}', '"echo"', '+1'), 400, 'json.syntax'],
    [call('{"text":"a"}', '"echo"', '0x1'), 400, 'json.syntax'],
    [Buffer.from(call('{"text":"ÿ"}'), 'latin1'), 400, 'json.utf8'],
    [Buffer.from(call('{"text":"a"}'), 'utf16le'), 400, 'json.syntax'],
    [Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(call('{}'))]), 400, 'json.utf8'],
    // An overlong slash, a surrogate as UTF-8, and a code point beyond the last.
    [Buffer.from([0x22, 0xc0, 0xaf, 0x22]), 400, 'json.utf8'],
    [Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), 400, 'json.utf8'],
    [Buffer.from([0x22, 0xf4, 0x90, 0x80, 0x80, 0x22]), 400, 'json.utf8'],
  ]))

test('INV-12 bodies that two readers would read in two ways are refused', () =>
  expect([
    [call('{"text":"a","text":"b"}'), 400, 'json.duplicate_key'],
    [call('{"text":"a","\\u0074ext":"b"}'), 400, 'json.duplicate_key'],
    [call('{"text":"a","TEXT":"b"}'), 400, 'json.ambiguous_key'],
    [call('{"text":"a","ｔｅｘｔ":"b"}'), 400, 'json.ambiguous_key'],
    [call('{"K":1,"\u212a":2}'), 400, 'json.ambiguous_key'],
    [call('{"straße":1,"STRASSE":2}'), 400, 'json.ambiguous_key'],
    [call('{}').replace('"id":1', '"id":1,"method":"tools/list"'), 400, 'json.duplicate_key'],
    [call('{}').replace('"id":1', '"id":1,"Method":"tools/list"'), 400, 'json.ambiguous_key'],
    [call('{"text":"\\ud800"}'), 400, 'json.surrogate'],
    [call('{"text":"\\udc00\\ud800"}'), 400, 'json.surrogate'],
    [call('{"\\ud83d":"a"}'), 400, 'json.surrogate'],
    [call('{"__proto__":{"text":"a"}}'), 400, 'json.forbidden_key'],
    [call('{"text":"a","\\u005f_proto__":1}'), 400, 'json.forbidden_key'],
    [call('{}').replace('"params"', '"__proto__"'), 400, 'json.forbidden_key'],
  ]))

test('INV-10 bodies made to be costly are refused before they cost', () =>
  expect([
    [' '.repeat(MIB + 1), 413, 'http.body'],
    [call(`{"text":"${'a'.repeat(MIB)}"}`), 413, 'http.body'],
    ['['.repeat(100_000), 400, 'json.depth'],
    [call(`{"text":${'['.repeat(64)}${']'.repeat(64)}}`), 400, 'json.depth'],
    [call('{"a":'.repeat(500) + '1' + '}'.repeat(500)), 400, 'json.depth'],
    [call(`{"text":[${'1,'.repeat(100_000)}1]}`), 400, 'json.values'],
    [call('{"text":"a"}', '"echo"', '1'.repeat(400)), 400, 'mcp.message'],
    [call('{"text":"a"}', '"echo"', '1e400'), 400, 'mcp.message'],
  ]))

test('INV-10 a body of exactly the limit is taken', async () => {
  const bare = call('{"text":"to the limit"}')
  const answer = await target.body(bare + ' '.repeat(MIB - Buffer.byteLength(bare)))
  assert.deepEqual([answer.status, answer.rpc], [200, undefined], answer.text)
})

test('INV-12 numbers that no double holds are refused by the schema or by policy, and none is rounded', async () => {
  const ask = (n: string): Promise<Answer> => target.body(call(`{"n":${n}}`, '"count"'))
  for (const n of ['9'.repeat(100_000), '1e999999999', '-1e999999999', '0.5', '9007199254740993']) {
    const answer = await ask(n)
    assert.ok(
      ['resolve.bad_arguments', 'policy.denied'].includes(String(answer.code)),
      `${n.slice(0, 20)}: ${answer.text}`,
    )
    discreet(answer.text)
  }
  const taken = await ask('9007199254740991')
  assert.ok(taken.text.includes('"text":"9007199254740991"'), taken.text)
  assert.deepEqual(
    target.journal().filter((line) => line.startsWith('count')),
    ['count 9007199254740991'],
  )
  await target.well()
})

test('names that mean something to JavaScript or to nobody are just unknown', async () => {
  for (const name of [
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    '',
    'echo ',
    'Echo',
    'echo\u0000',
    '../echo',
    'probe/echo',
    'e'.repeat(100_000),
    '\u202eohce',
  ]) {
    const answer = await send(
      target.bailiwick,
      target.holder,
      legacy('tools/call', { name, arguments: { text: 'a' } }),
    )
    assert.deepEqual([answer.rpc, answer.code], [-32602, 'resolve.unknown_action'], answer.text)
    discreet(answer.text)
  }
  for (const key of ['constructor', 'toString', 'prototype', 'hasOwnProperty']) {
    const answer = await target.body(call(`{"text":"a","${key}":{"name":"x"}}`))
    assert.equal(answer.code, 'resolve.bad_arguments', answer.text)
  }
  await target.well()
})

test('a method, an id or a version without end is answered in bounds', async () => {
  const long = 'm'.repeat(500_000)
  for (const ask of [
    legacy(long),
    legacy('tools/list', { _meta: { 'io.modelcontextprotocol/protocolVersion': long } }),
    legacy('tools/call', { name: 'echo', arguments: { [long]: 1 } }),
    legacy('tools/call', { name: 'count', arguments: { n: long } }),
  ]) {
    const answer = await send(target.bailiwick, target.holder, ask)
    assert.ok(answer.code !== undefined, answer.text.slice(0, 200))
    discreet(answer.text)
  }
  await target.well()
})

test('a line end that only some readers know does not make two messages of one', async () => {
  const { bailiwick, holder } = target
  // This upstream reads its lines with Node's readline, which cuts at U+2028 and U+2029 as well.
  await bailiwick.pin('lines', testServer('fakes/upstream.ts', '2025-11-25'))
  const smuggled = `{"jsonrpc":"2.0","id":777,"method":"tools/call","params":{"name":"die","arguments":{}}}`
  for (const end of ['\u2028', '\u2029', '\u0085', '\\n', '\\r\\n']) {
    const text = `a${end}${smuggled.replaceAll('"', '\\"')}${end}b`
    const answer = await send(bailiwick, holder, {
      path: '/mcp/lines',
      headers: legacy('x').headers,
      body: call(`{"text":"${text}"}`),
    })
    const { result } = JSON.parse(answer.text) as { result?: { content: { text: string }[] } }
    const whole = (JSON.parse(`"${text}"`) as string) ?? ''
    // A control character comes back to no agent: the inspection takes it out of what is read.
    assert.equal(result?.content[0]?.text, whole.replaceAll('\u0085', ''), answer.text)
  }
})

test('no address but its own reaches a system, and no page of a browser reaches any', async () => {
  const { headers, body } = modern('tools/call', { name: 'echo', arguments: { text: 'path' } })
  const { bailiwick, holder } = target
  for (const origin of ['null', 'https://evil.example', bailiwick.gatewayUrl, 'http://localhost']) {
    // A page cannot keep the browser from saying how it was fetched (W3C Fetch Metadata).
    const own = origin === bailiwick.gatewayUrl && { 'sec-fetch-site': 'same-origin' }
    const page = { ...headers, origin, ...own }
    const answer = await send(bailiwick, holder, { headers: page, body })
    assert.deepEqual([answer.status, answer.code], [403, 'http.origin'])
    assert.equal(answer.headers['access-control-allow-origin'], undefined)
  }
  const preflight = { ...headers, 'access-control-request-method': 'POST' }
  const asked = await send(bailiwick, holder, { method: 'OPTIONS', headers: preflight })
  assert.equal(asked.status, 405)
  await target.well()
})
