// Holds the tests of what systems ask back: decided and recorded before anybody hears it, and shown as the system's own.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { actor, FakePorts } from '../../../test/fakes/ports.ts'
import { Fault } from '../../std/fault.ts'
import type { SystemDefinition } from '../../wire/system.ts'
import { Asks } from './asks.ts'
import type { AskRequests, Front } from './front.ts'

const action = (name: string) => ({ name, inputSchema: {}, effects: [], digest: 'd' })
const system = {
  name: 'files',
  transport: {
    kind: 'mcp',
    url: 'https://files.example.com/mcp',
    auth: { kind: 'none' },
    reach: {},
  },
  server: { name: 'files', version: '1' },
  actions: ['elicitation/create', 'sampling/createMessage', 'roots/list'].map(action),
  maxProcesses: 1,
  digest: 'd',
} as unknown as SystemDefinition

function bench(answers: FakePorts['answers'] = {}) {
  const fake = new FakePorts()
  fake.answers = answers
  const shown: AskRequests[] = []
  const front: Front = {
    key: 'session',
    era: '2025-11-25',
    capabilities: {},
    ask: async (requests) => {
      shown.push(requests)
      return { q: { kind: 'result', result: { action: 'accept' } } }
    },
    notify: () => undefined,
  }
  const asks = new Asks(fake.ports, system, actor())
  const put = (method: string, params = {}, to: Front | null = front) =>
    asks.put({ q: { method, params } }, to ?? undefined, new AbortController().signal, [
      's3cret-of-ours-42',
    ])
  return { fake, shown, put }
}

async function refused(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof Fault && error.code === 'upstream.asks_input', String(error))
  return error.detail
}

test('a question that policy lets a system ask is recorded, asked as its own, and its answer recorded', async () => {
  const { fake, shown, put } = bench()
  const answers = await put('elicitation/create', { message: 'which file?' })
  assert.deepEqual(answers['q'], { kind: 'result', result: { action: 'accept' } })
  const { message } = shown[0]!['q']!.params
  assert.equal(message, 'The system "files" asks (not Bailiwick): which file?')
  const [asked] = fake.decisions
  assert.equal(asked?.asking, true)
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(
    fake.records.map(({ type, body }) => [type, body['principal'], body['status']]),
    [
      ['system.asked', 'system files', undefined],
      ['system.answered', 'system files', 'accept'],
    ],
  )
})

test('INV-2 what policy does not allow, what holds, and what no system may ask, is asked of nobody', async () => {
  for (const answer of ['deny', 'hold'] as const) {
    const { fake, shown, put } = bench({ 'sampling/createMessage': answer })
    await refused(put('sampling/createMessage'))
    assert.deepEqual(shown, [])
    assert.deepEqual(
      fake.records.map(({ type }) => type),
      ['call.denied'],
    )
  }
  const { shown, put } = bench()
  await refused(put('tools/call'))
  await refused(put('constructor'))
  assert.deepEqual(shown, [])
})

test('INV-1 a question that cannot be recorded is not asked', async () => {
  const { fake, shown, put } = bench()
  fake.auditFails = true
  await assert.rejects(put('roots/list'), /disk on fire/)
  assert.deepEqual(shown, [])
})

test('INV-5 a lock stands against what a system asks', async () => {
  const { fake, shown, put } = bench()
  fake.lock({ id: 'l', reason: 'rogue', target: 'system files' })
  assert.match(await refused(put('roots/list')), /is locked/)
  assert.deepEqual(shown, [])
})

test('an address that is not the system’s own is never shown', async () => {
  const { shown, put } = bench()
  const ask = (url: string) => put('elicitation/create', { mode: 'url', url, message: 'sign in' })
  for (const url of [
    'https://evil.example/',
    'https://files.example.com.evil.example/',
    'http://files.example.com/',
    'https://user:secret@files.example.com/',
    'https://127.0.0.1/',
    'javascript:alert(1)',
    'https://filesexample.com/',
    'no address',
  ]) {
    await refused(ask(url))
  }
  await refused(put('elicitation/create', { mode: 'other' }))
  await refused(put('elicitation/create', { mode: 'form', url: 'https://evil.example/' }))
  assert.deepEqual(shown, [])
  await ask('https://files.example.com/consent')
  await ask('https://login.files.example.com/consent')
  assert.equal(shown.length, 2)
})

test('where nobody is there, nothing is asked, and refusals are recorded up to a bound', async () => {
  const { fake, put } = bench()
  await refused(put('roots/list', {}, null))
  for (let n = 0; n < 40; n++) await refused(put('tools/call'))
  assert.equal(fake.records.length, 20)
  assert.equal(fake.records.at(-1)?.body['more_not_recorded'], true)
})

test('INV-12 a question that repeats one of our secrets is shown without it', async () => {
  const { shown, put } = bench()
  await put('elicitation/create', { message: 'is s3cret-of-ours-42 your key?' })
  await put('sampling/createMessage', {
    messages: [{ role: 'user', content: { type: 'text', text: 's3cret-of-ours-42' } }],
  })
  assert.equal(shown.length, 2)
  assert.equal(JSON.stringify(shown).includes('s3cret-of-ours-42'), false)
})
