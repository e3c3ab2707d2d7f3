// Holds attacks on the MCP endpoint by somebody who is inside: sessions, questions, states and names of others.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { request } from 'undici'
import type { Holder } from '../../src/cli/identity/holder.ts'
import { META } from '../../src/wire/mcp.ts'
import { Bailiwick } from '../e2e/bailiwick.ts'
import { legacy, modern, send, type Answer } from '../e2e/client.ts'
import { until } from '../e2e/until.ts'
import { pinOverHttp } from '../fakes/mcp-conformance.ts'
import { ConformanceServer } from '../fakes/mcp-conformance-server.ts'

const POLICIES = `
@id("workers") @without("task") permit (principal in Role::"worker", action, resource);
@id("old-asks") @without("task") permit (principal == System::"old", action, resource);
@id("new-asks") @without("task") permit (principal == System::"new", action, resource);
`

const OLD = '/mcp/old'
const NEW = '/mcp/new'
const CAPABILITIES = { elicitation: { form: {} }, sampling: {}, roots: {} }

let bailiwick: Bailiwick
let mine: Holder
let theirs: Holder
const servers: ConformanceServer[] = []

before(async () => {
  bailiwick = await Bailiwick.start()
  for (const [name, era] of [
    ['old', '2025-11-25'],
    ['new', '2026-07-28'],
  ] as const) {
    const server = await ConformanceServer.start(era)
    servers.push(server)
    await pinOverHttp(bailiwick, name, server.url)
  }
  await bailiwick.apply(POLICIES)
  await bailiwick.agent('worker', ['worker'])
  mine = await bailiwick.enrol('worker')
  theirs = await bailiwick.enrol('worker')
})

after(async () => {
  await bailiwick[Symbol.asyncDispose]()
  for (const server of servers) await server[Symbol.asyncDispose]()
})

/** Begins a session and returns its id. */
async function begin(holder: Holder, path = OLD): Promise<string> {
  const params = {
    protocolVersion: '2025-11-25',
    capabilities: CAPABILITIES,
    clientInfo: { name: 'a test', version: '1' },
  }
  const answer = await send(bailiwick, holder, { path, ...legacy('initialize', params) })
  const id = answer.headers['mcp-session-id']
  assert.ok(typeof id === 'string' && id.length >= 32, 'a session that nobody guesses')
  return id
}

/** A stream that is read as it comes. */
interface Heard {
  readonly status: number
  text: string
  close(): void
}

async function stream(
  holder: Holder,
  path: string,
  ask: { method?: 'GET' | 'POST'; headers: Record<string, string>; body?: string },
): Promise<Heard> {
  const leave = new AbortController()
  const response = await request(`${bailiwick.gatewayUrl}${path}`, {
    dispatcher: holder.dispatcher(),
    method: ask.method ?? 'POST',
    headers: {
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      ...ask.headers,
    },
    body: ask.body ?? null,
    signal: leave.signal,
    bodyTimeout: 0,
  })
  const heard: Heard = { status: response.statusCode, text: '', close: () => leave.abort() }
  response.body.on('data', (chunk: Buffer) => (heard.text += chunk.toString('utf8')))
  response.body.on('error', () => undefined)
  return heard
}

function inSession(holder: Holder, session: string, message: object, path = OLD): Promise<Answer> {
  const headers = { accept: 'application/json, text/event-stream', 'mcp-session-id': session }
  return send(bailiwick, holder, {
    path,
    headers,
    body: JSON.stringify({ jsonrpc: '2.0', ...message }),
  })
}

const LIST = { id: 7, method: 'tools/list' }

test('INV-1 a session is its caller’s alone, at one endpoint: to everybody else it is as if it never was', async () => {
  const session = await begin(mine)
  assert.equal((await inSession(mine, session, LIST)).status, 200)
  const never = await inSession(theirs, 'x'.repeat(session.length), LIST)
  const stolen = await inSession(theirs, session, LIST)
  assert.deepEqual([stolen.status, stolen.code], [404, 'mcp.session'])
  assert.equal(stolen.text, never.text)
  const elsewhere = await inSession(mine, session, LIST, NEW)
  assert.deepEqual([elsewhere.status, elsewhere.code], [404, 'mcp.session'])
  for (const method of ['GET', 'DELETE'] as const) {
    const headers = { 'mcp-session-id': session }
    const asked = await send(bailiwick, theirs, { path: OLD, method, headers })
    assert.deepEqual([asked.status, asked.code], [404, 'mcp.session'], method)
  }
  assert.equal((await inSession(mine, session, LIST)).status, 200, 'it goes on')
  const headers = { 'mcp-session-id': session }
  assert.equal((await send(bailiwick, mine, { path: OLD, method: 'DELETE', headers })).status, 204)
  assert.equal((await inSession(mine, session, LIST)).status, 404, 'it has ended')
})

test('INV-1 a question of a system is answered by the client that was asked, and by nobody else', async () => {
  const session = await begin(mine)
  const call = { name: 'test_elicitation', arguments: { message: 'who is it?' } }
  const asked = await stream(mine, OLD, {
    headers: { 'mcp-session-id': session },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: call }),
  })
  await until('the question', () => asked.text.includes('elicitation/create'))
  const id = /"id":"(bailiwick-[^"]+)"/.exec(asked.text)?.[1]
  assert.ok(id !== undefined, asked.text)
  const answer = (who: string) => ({
    id,
    result: { action: 'accept', content: { username: who, email: `${who}@example.com` } },
  })
  const other = await begin(theirs)
  assert.equal((await inSession(theirs, other, answer('theirs'))).status, 202)
  assert.equal((await inSession(theirs, session, answer('theirs'))).status, 404)
  const second = await begin(mine)
  assert.equal((await inSession(mine, second, answer('another'))).status, 202)
  assert.ok(!asked.text.includes('"result"'), 'none of them was taken')
  assert.equal((await inSession(mine, session, answer('mine'))).status, 202)
  await until('the answer', () => asked.text.includes('"result"'))
  assert.ok(asked.text.includes('mine@example.com'), asked.text)
})

test('INV-1 what a system tells one session no other hears, not even of the same instance', async () => {
  const [told, untold, stranger] = [await begin(mine), await begin(mine), await begin(theirs)]
  const listen = (holder: Holder, session: string) =>
    stream(holder, OLD, { method: 'GET', headers: { 'mcp-session-id': session } })
  const hears = await listen(mine, told)
  const others = [await listen(mine, untold), await listen(theirs, stranger)]
  assert.deepEqual([hears.status, ...others.map(({ status }) => status)], [200, 200, 200])
  const trigger = {
    id: 2,
    method: 'tools/call',
    params: { name: 'test_trigger_tool_change', arguments: {} },
  }
  for (const [holder, session] of [
    [mine, untold],
    [theirs, stranger],
  ] as const) {
    const echo = {
      id: 3,
      method: 'tools/call',
      params: { name: 'test_simple_text', arguments: {} },
    }
    assert.equal((await inSession(holder, session, echo)).status, 200)
  }
  await inSession(mine, told, trigger)
  await until('the news', () => hears.text.includes('notifications/tools/list_changed'))
  for (const other of others) assert.ok(!other.text.includes('list_changed'), other.text)
  for (const one of [hears, ...others]) one.close()
})

/** A request of 2026-07-28 with what a client can be asked, and what it comes back with. */
function asking(
  name: string,
  more: object = {},
): { headers: Record<string, string>; body: string } {
  const made = modern('tools/call', { name, arguments: {}, ...more })
  const tree = JSON.parse(made.body) as { params: { _meta: Record<string, unknown> } }
  tree.params._meta[META.clientCapabilities] = CAPABILITIES
  return { headers: made.headers, body: JSON.stringify(tree) }
}

test('INV-1 a requestState is good for its caller, its request, and once', async () => {
  const name = 'test_input_required_result_request_state'
  const first = await send(bailiwick, mine, { path: NEW, ...asking(name) })
  const { result } = JSON.parse(first.text) as {
    result: { requestState: string; resultType: string }
  }
  assert.equal(result.resultType, 'input_required', first.text)
  const { requestState } = result
  const inputResponses = { confirm: { action: 'accept', content: { ok: true } } }
  const back = asking(name, { requestState, inputResponses })
  const refusedAs = ({ rpc, code }: Answer) => [rpc, code]
  const wrong = [-32_602, 'mcp.state']
  assert.deepEqual(refusedAs(await send(bailiwick, theirs, { path: NEW, ...back })), wrong)
  const other = asking('test_input_required_result_elicitation', { requestState, inputResponses })
  assert.deepEqual(refusedAs(await send(bailiwick, mine, { path: NEW, ...other })), wrong)
  const made = asking(name, { requestState: 'ask.of-my-own', inputResponses })
  assert.deepEqual(refusedAs(await send(bailiwick, mine, { path: NEW, ...made })), wrong)
  const done = await send(bailiwick, mine, { path: NEW, ...back })
  assert.ok(done.text.includes('state-ok'), done.text)
  assert.deepEqual(refusedAs(await send(bailiwick, mine, { path: NEW, ...back })), wrong)
})

test('at the joined endpoint no system stands in for another, and names lead where they say', async () => {
  const listed = await send(bailiwick, mine, { path: '/mcp', ...legacy('tools/list') })
  const { result } = JSON.parse(listed.text) as { result: { tools: { name: string }[] } }
  const names = result.tools.map(({ name }) => name)
  assert.ok(names.includes('old__test_simple_text') && names.includes('new__test_simple_text'))
  assert.equal(new Set(names).size, names.length)
  const call = (name: string) =>
    send(bailiwick, mine, { path: '/mcp', ...legacy('tools/call', { name, arguments: {} }) })
  assert.equal((await call('new__test_simple_text')).rpc, undefined)
  for (const name of [
    'test_simple_text',
    'nobody__test_simple_text',
    '__test_simple_text',
    'old__',
  ]) {
    assert.deepEqual([(await call(name)).rpc, (await call(name)).code], [-32_602, 'mcp.name'], name)
  }
  const uri = 'bailiwick://old/test://static-text'
  const read = await send(bailiwick, mine, { path: '/mcp', ...legacy('resources/read', { uri }) })
  assert.ok(read.text.includes(`"uri":"${uri}"`), read.text)
  const away = { uri: 'test://static-text' }
  const refused = await send(bailiwick, mine, { path: '/mcp', ...legacy('resources/read', away) })
  assert.equal(refused.code, 'mcp.name')
})

test('INV-1 a method of the protocol is not reached as a tool of its name', async () => {
  for (const name of ['resources/read', 'prompts/get', 'sampling/createMessage']) {
    const call = legacy('tools/call', { name, arguments: { uri: 'test://static-text' } })
    const answer = await send(bailiwick, mine, { path: OLD, ...call })
    assert.deepEqual([answer.rpc, answer.code], [-32_602, 'resolve.unknown_action'], name)
  }
})

test('INV-2 reading a resource and a prompt is a call: denied and recorded like a tool', async () => {
  await bailiwick.agent('reader', ['reader'])
  await bailiwick.apply(
    `${POLICIES}@id("r") @without("task") permit (principal in Role::"reader", action == Action::"old/resources/read", resource);`,
  )
  const reader = await bailiwick.enrol('reader')
  const ask = (method: string, params: Record<string, unknown>) =>
    send(bailiwick, reader, { path: OLD, ...legacy(method, params) })
  assert.equal((await ask('resources/read', { uri: 'test://static-text' })).rpc, undefined)
  const denied = await ask('prompts/get', { name: 'test_simple_prompt' })
  assert.deepEqual([denied.rpc, denied.code], [-32_010, 'policy.denied'])
  assert.ok((await ask('prompts/list', {})).text.includes('"prompts":[]'))
  assert.ok((await ask('tools/list', {})).text.includes('"tools":[]'))
  const intents = await bailiwick.records('call.intent')
  assert.ok(intents.some(({ record }) => record['action'] === 'resources/read'))
  const denials = await bailiwick.records('call.denied')
  assert.ok(denials.some(({ record }) => record['action'] === 'prompts/get'))
})
