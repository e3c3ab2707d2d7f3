// Holds the tests of MCP over HTTP towards a system: both eras, sessions, streams, and everything that a server may get wrong.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import {
  answer,
  event,
  legacyServer,
  McpHttp,
  stream,
  type Answering,
} from '../../../test/fakes/mcp-http.ts'
import { until } from '../../../test/e2e/until.ts'
import { Fault } from '../../std/fault.ts'
import { META } from '../../wire/mcp.ts'
import { NOTHING_EQUIPPED } from '../equipment.ts'
import { gatewayFault } from '../faults.ts'
import type { Conversation } from './conversation.ts'

const WAIT = { timeoutMs: 5_000 }
const TEXT = { content: [{ type: 'text', text: 'hello' }] }

/** Without the prototypes that the reader leaves out. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown
}

function call(conversation: Conversation): ReturnType<Conversation['request']> {
  return conversation.request('tools/call', { name: 'echo', arguments: {} }, WAIT)
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof Fault, String(error))
  return error.code
}

describe('MCP 2025-11-25, Streamable HTTP', () => {
  test('the session that a server names is sent with everything, and ended at the end', async () => {
    await using server = await McpHttp.start(
      legacyServer(
        { 'tools/call': ({ body }, response) => answer(response, { id: body.id, result: TEXT }) },
        { 'mcp-session-id': 'session-1' },
      ),
    )
    const conversation = server.converse({}, { ...NOTHING_EQUIPPED, headers: { 'x-key': 'k' } })
    await conversation.open('2025-11-25')
    assert.deepEqual(plain(await call(conversation)), { kind: 'result', result: TEXT })
    assert.deepEqual(server.methods, ['initialize', 'notifications/initialized', 'tools/call'])
    const [first, , third] = server.arrived
    assert.equal(first?.headers['mcp-session-id'], undefined)
    assert.equal(third?.headers['mcp-session-id'], 'session-1')
    assert.equal(third?.headers['mcp-protocol-version'], '2025-11-25')
    assert.equal(third?.headers['x-key'], 'k')
    conversation.close(gatewayFault('upstream.unavailable', 'over'))
    await until('it is told', () => server.methods.includes('DELETE'))
    assert.equal(server.arrived.at(-1)?.headers['mcp-session-id'], 'session-1')
  })

  test('a session that the server ended is opened anew, and what it did not take is sent once more', async () => {
    let sessions = 0
    await using server = await McpHttp.start((arrived, response) => {
      const { body, headers } = arrived
      if (body.method === 'initialize') sessions++
      if (body.method === 'tools/call' && headers['mcp-session-id'] !== 'session-2') {
        return void response.writeHead(404).end()
      }
      legacyServer(
        { 'tools/call': (_, to) => answer(to, { id: body.id, result: TEXT }) },
        { 'mcp-session-id': `session-${sessions}` },
      )(arrived, response)
    })
    const conversation = server.converse()
    await conversation.open('2025-11-25')
    assert.equal((await call(conversation)).kind, 'result')
    assert.equal(sessions, 2)
    assert.equal(server.methods.filter((method) => method === 'tools/call').length, 2)
  })

  test('a stream that breaks off is taken up again by the last event, and not beyond its bound', async () => {
    let resumed = 0
    await using server = await McpHttp.start(
      legacyServer({
        'tools/call': ({ body }, response) => {
          stream(response)
          const params = { progressToken: body.id, progress: 1 }
          event(response, { method: 'notifications/progress', params }, 'e1')
          response.end()
        },
        GET: ({ headers }, response) => {
          resumed++
          assert.equal(headers['last-event-id'], 'e1')
          stream(response)
          if (resumed === 1) event(response, { id: 2, result: TEXT }, 'e2')
          response.end()
        },
      }),
    )
    const conversation = server.converse()
    await conversation.open('2025-11-25')
    assert.deepEqual(plain(await call(conversation)), { kind: 'result', result: TEXT })
    assert.equal(resumed, 1)
    assert.equal(await codeOf(call(conversation)), 'upstream.died')
    assert.equal(resumed, 4)
  })

  test('news that belong to no request come by a stream of their own, to a session alone', async () => {
    const front = {
      key: 's',
      era: '2025-11-25' as const,
      capabilities: {},
      ask: async () => ({}),
      notify: () => undefined,
    }
    await using server = await McpHttp.start(
      legacyServer({
        GET: (_, response) => {
          stream(response)
          event(response, { method: 'notifications/resources/list_changed' })
        },
      }),
    )
    await server.converse().open('2025-11-25')
    assert.equal(server.methods.includes('GET'), false)
    await server.converse({ front }).open('2025-11-25')
    await until('it is heard', () => server.news.includes('notifications/resources/list_changed'))
  })
})

describe('MCP 2026-07-28, Streamable HTTP', () => {
  const modern = (own: Parameters<typeof legacyServer>[0] = {}) =>
    legacyServer({
      'server/discover': ({ body }, response) =>
        answer(response, {
          id: body.id,
          result: {
            supportedVersions: ['2026-07-28'],
            capabilities: { tools: {} },
            _meta: { [META.serverInfo]: { name: 'new', version: '2' } },
          },
        }),
      ...own,
    })

  test('headers repeat what the body says, wrapped where they have to be (SEP-2243)', async () => {
    await using server = await McpHttp.start(
      modern({
        'resources/read': ({ body }, response) =>
          answer(response, { id: body.id, result: { contents: [] } }),
      }),
    )
    const conversation = server.converse()
    await conversation.open(undefined)
    assert.equal(conversation.era, '2026-07-28')
    assert.deepEqual({ ...conversation.server }, { name: 'new', version: '2' })
    await conversation.request('resources/read', { uri: 'note://grüße' }, WAIT)
    const { headers, body } = server.arrived.at(-1)!
    assert.equal(headers['mcp-method'], 'resources/read')
    const wrapped = Buffer.from('note://grüße').toString('base64')
    assert.equal(headers['mcp-name'], `=?base64?${wrapped}?=`)
    assert.equal(headers['mcp-protocol-version'], '2026-07-28')
    assert.equal(headers['mcp-session-id'], undefined)
    assert.equal(
      JSON.stringify(body).includes('"io.modelcontextprotocol/protocolVersion":"2026-07-28"'),
      true,
    )
  })

  test('what the server asks for on the way is asked, and the request sent again with the answers', async () => {
    const state = 'opaque'
    await using server = await McpHttp.start(
      modern({
        'tools/call': ({ body }, response) => {
          const { inputResponses } = body.params as { inputResponses?: unknown }
          const request = { method: 'elicitation/create', params: { message: 'which?' } }
          const asked = {
            resultType: 'input_required',
            inputRequests: { q: request },
            requestState: state,
          }
          answer(response, { id: body.id, result: inputResponses === undefined ? asked : TEXT })
        },
      }),
    )
    const put = async () => ({ q: { kind: 'result' as const, result: { action: 'accept' } } })
    const conversation = server.converse({ asks: { put } as never })
    await conversation.open(undefined)
    const front = {
      key: 'k',
      era: '2026-07-28' as const,
      capabilities: {},
      ask: put,
      notify: () => undefined,
    }
    const got = await conversation.request(
      'tools/call',
      { name: 'a', arguments: {} },
      { ...WAIT, front },
    )
    assert.deepEqual(plain(got), { kind: 'result', result: TEXT })
    const { params } = server.arrived.at(-1)!.body as { params: Record<string, unknown> }
    assert.deepEqual(params['inputResponses'], { q: { action: 'accept' } })
    assert.equal(params['requestState'], state)
    // Without anybody to ask, the question is the answer; what becomes of it is not decided here.
    const unasked = await conversation.request('tools/call', { name: 'a', arguments: {} }, WAIT)
    assert.equal(unasked.kind === 'result' && unasked.result['resultType'], 'input_required')
  })
})

describe('INV-10 what a server may get wrong', () => {
  const wrong: readonly (readonly [string, Readonly<Record<string, Answering>>, string])[] = [
    [
      'a redirect',
      {
        'tools/call': (_, to) =>
          void to.writeHead(307, { location: 'http://169.254.169.254/' }).end(),
      },
      'upstream.bad_answer',
    ],
    [
      'a refusal of our credential',
      { 'tools/call': (_, to) => void to.writeHead(401).end() },
      'upstream.credential',
    ],
    [
      'its own failure',
      { 'tools/call': (_, to) => void to.writeHead(503).end('no') },
      'upstream.unavailable',
    ],
    [
      'an answer to another request',
      { 'tools/call': (_, to) => answer(to, { id: 99, result: TEXT }) },
      'upstream.bad_answer',
    ],
    [
      'a page',
      {
        'tools/call': (_, to) => void to.writeHead(200, { 'content-type': 'text/html' }).end('<p>'),
      },
      'upstream.bad_answer',
    ],
    [
      'an answer that it compressed',
      {
        'tools/call': ({ body }, to) => {
          const text = JSON.stringify({ jsonrpc: '2.0', id: body.id, result: TEXT })
          to.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
          to.end(gzipSync(text))
        },
      },
      'upstream.bad_answer',
    ],
    [
      'less than it said',
      {
        'tools/call': (_, to) => {
          to.writeHead(200, { 'content-type': 'application/json', 'content-length': 1_000 })
          to.write('{"jsonrpc"')
          setTimeout(() => to.destroy(), 20)
        },
      },
      'net.closed',
    ],
    [
      'bytes that are no text',
      {
        'tools/call': (_, to) => {
          stream(to)
          to.end(Buffer.from([0x64, 0x61, 0x74, 0x61, 0x3a, 0xff, 0xfe, 0x0a, 0x0a]))
        },
      },
      'upstream.bad_answer',
    ],
    [
      'a stream that ends before its answer',
      { 'tools/call': (_, to) => (stream(to), void to.end()) },
      'upstream.died',
    ],
  ]
  for (const [name, answering, code] of wrong) {
    test(`${name} is ${code}, and the conversation goes on`, async () => {
      let bad = true
      const own = answering['tools/call']!
      await using server = await McpHttp.start(
        legacyServer({
          'tools/call': (arrived, to) =>
            bad ? own(arrived, to) : answer(to, { id: arrived.body.id, result: TEXT }),
        }),
      )
      const conversation = server.converse()
      await conversation.open('2025-11-25')
      assert.equal(await codeOf(call(conversation)), code)
      bad = false
      assert.equal((await call(conversation)).kind, 'result')
    })
  }

  test('an event without an end is given up at its bound', async () => {
    await using server = await McpHttp.start(
      legacyServer({
        'tools/call': (_, to) => {
          stream(to)
          const piece = `data: ${'x'.repeat(1_048_576)}\n`
          const more = (): void => {
            while (!to.destroyed && to.write(piece)) continue
          }
          to.on('drain', more)
          more()
        },
      }),
    )
    const conversation = server.converse()
    await conversation.open('2025-11-25')
    assert.equal(await codeOf(call(conversation)), 'upstream.bad_answer')
  })

  test('a session that is no header, and an answer on a stream that is not its own, are not taken', async () => {
    await using server = await McpHttp.start(legacyServer({}, { 'mcp-session-id': 'a b' }))
    assert.equal(await codeOf(server.converse().open('2025-11-25')), 'upstream.bad_answer')
    await using other = await McpHttp.start(
      legacyServer({
        'tools/call': ({ body }, to) => {
          stream(to)
          event(to, { id: body.id! + 1, result: { stolen: true } })
          setTimeout(() => event(to, { id: body.id, result: TEXT }), 20)
        },
        'tools/list': ({ body }, to) => {
          setTimeout(() => answer(to, { id: body.id, result: { tools: [] } }), 60)
        },
      }),
    )
    const conversation = other.converse()
    await conversation.open('2025-11-25')
    const [first, second] = await Promise.all([
      call(conversation),
      conversation.request('tools/list', {}, WAIT),
    ])
    assert.deepEqual(plain(first), { kind: 'result', result: TEXT })
    assert.deepEqual(plain(second), { kind: 'result', result: { tools: [] } })
  })

  test('a caller that gives up ends its request, and the server is told', async () => {
    await using server = await McpHttp.start(legacyServer({ 'tools/call': () => undefined }))
    const conversation = server.converse()
    await conversation.open('2025-11-25')
    const gone = new AbortController()
    const running = conversation.request(
      'tools/call',
      { name: 'a', arguments: {} },
      { ...WAIT, signal: gone.signal },
    )
    await until('it arrived', () => server.methods.includes('tools/call'))
    gone.abort(gatewayFault('call.cut', 'cut'))
    assert.equal(await codeOf(running), 'call.cut')
    await until('it is told', () => server.methods.includes('notifications/cancelled'))
    assert.equal(conversation.busy, 0)
  })
})
