// Holds the tests of whether a server is still what was pinned: news that it did not tell, or could not, are not trusted to be none.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  answer,
  event,
  legacyServer,
  McpHttp,
  stream,
  type Answering,
} from '../../../test/fakes/mcp-http.ts'
import { until } from '../../../test/e2e/until.ts'
import type { ActionDefinition } from '../../wire/system.ts'
import type { Described } from './definition.ts'
import type { Drift } from './drift.ts'
import type { Front } from './front.ts'

const ECHO: ActionDefinition = { name: 'echo', inputSchema: {}, effects: [], digest: 'd' }
const FRONT: Front = {
  key: '',
  era: '2026-07-28',
  capabilities: {},
  ask: async () => ({}),
  notify: () => undefined,
}

/** A server of one tool. */
function listing(more: Readonly<Record<string, Answering>> = {}): Answering {
  return legacyServer({
    'tools/list': ({ body }, to) => {
      answer(to, { id: body.id, result: { tools: [{ name: 'echo', inputSchema: {} }] } })
    },
    ...more,
  })
}

function watched(server: McpHttp) {
  const looks: Described[] = []
  const news: string[] = []
  const events = {
    onGarbage: () => undefined,
    onNews: (method: string) => void news.push(method),
    onDescribed: (described: Described): Drift | undefined => void looks.push(described),
  }
  return { looks, news, conversation: server.converse({ front: FRONT, events }) }
}

test('a server of 2025 that tells of changes is heard also where the client has no session', async () => {
  let told: Parameters<Answering>[1] | undefined
  await using server = await McpHttp.start(
    listing({
      GET: (_, to) => {
        stream(to)
        event(to, { method: 'notifications/message', params: {} })
        told = to
      },
    }),
  )
  const { looks, news, conversation } = watched(server)
  await conversation.open('2025-11-25')
  await until('it listens', () => news.includes('notifications/message'))
  await conversation.stillIs(ECHO, {})
  const before = looks.length
  event(told!, { method: 'notifications/tools/list_changed' })
  await until('it is looked at again', () => looks.length > before)
})

test('what a stream that broke off may have told is looked at before the next call', async () => {
  let heard = 0
  let told: Parameters<Answering>[1] | undefined
  await using server = await McpHttp.start(
    listing({
      GET: (_, to) => {
        heard++
        stream(to)
        to.flushHeaders()
        told = to
      },
    }),
  )
  const { looks, conversation } = watched(server)
  await conversation.open('2025-11-25')
  await until('it listens', () => heard === 1)
  await conversation.stillIs(ECHO, {})
  await conversation.stillIs(ECHO, {})
  const before = looks.length
  told?.end()
  await until('it is looked at again', async () => {
    await conversation.stillIs(ECHO, {})
    return looks.length > before
  })
})

test('a session that is opened anew again and again is heard by one stream', async () => {
  let open = 0
  let heard = 0
  let refuse = true
  const answering = legacyServer(
    {
      'tools/call': ({ body }, to) => {
        refuse = !refuse
        if (!refuse) to.writeHead(404).end()
        else answer(to, { id: body.id, result: { content: [] } })
      },
      GET: (_, to) => {
        stream(to)
        to.flushHeaders()
        open++
        heard++
        to.on('close', () => open--)
      },
    },
    { 'mcp-session-id': 'session' },
  )
  await using server = await McpHttp.start(answering)
  const conversation = server.converse({ front: FRONT })
  await conversation.open('2025-11-25')
  for (let n = 1; n <= 3; n++) {
    await until('it listens', () => heard === n)
    const params = { name: 'echo', arguments: {} }
    await conversation.request('tools/call', params, { timeoutMs: 5_000 })
  }
  await until('one is left', () => heard === 4 && open === 1)
})

test('a server of 2026 that ends the request which stands is looked at, and listened to, with the next call', async () => {
  const standing: { end(): void }[] = []
  await using server = await McpHttp.start(
    listing({
      'server/discover': ({ body }, to) => {
        const capabilities = { tools: { listChanged: true } }
        answer(to, { id: body.id, result: { supportedVersions: ['2026-07-28'], capabilities } })
      },
      'subscriptions/listen': (_, to) => {
        stream(to)
        event(to, { method: 'notifications/subscriptions/acknowledged', params: {} })
        standing.push(to)
      },
    }),
  )
  const { looks, conversation } = watched(server)
  await conversation.open('2026-07-28')
  await until('it stands', () => standing.length === 1)
  await conversation.stillIs(ECHO, {})
  await conversation.stillIs(ECHO, {})
  assert.equal(looks.length, 1)
  standing[0]?.end()
  await until('it is looked at again', async () => {
    await conversation.stillIs(ECHO, {})
    return looks.length === 2
  })
  await until('it stands again', () => standing.length === 2)
})
