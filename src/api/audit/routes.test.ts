// Holds tests of the record over the API: pages, single records, calls, proofs, the live tail, and the numbers of the whole.

import assert from 'node:assert/strict'
import { request, type IncomingMessage } from 'node:http'
import { after, before, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import {
  AuditCall,
  AuditEntry,
  AuditFound,
  AuditFlushed,
  AuditKeys,
  AuditPage,
} from '../../wire/api/audit.ts'
import { verifyRecordProof } from '../../audit/verify-proof.ts'
import { AuditCallStory } from '../../wire/api/story.ts'
import { Status } from '../../wire/api/status.ts'
import type { RecordDraft } from '../../wire/record.ts'
import { ControlHome } from '../../../test/fakes/control.ts'

let home: ControlHome
before(async () => {
  home = await ControlHome.open()
})
after(() => home.close())

const CALL = '01900000-0000-7000-8000-0000000000ca'

function draft(of: Partial<RecordDraft>): RecordDraft {
  return {
    type: 'call.intent',
    phase: 'intent',
    call: CALL,
    agent: 'robot',
    system: 'files',
    action: 'read_file',
    person: home.ada.id,
    body: { decision: { answer: 'allow' } },
    ...of,
  }
}

test('records come newest first, page by page, each once, with the names of people', async () => {
  for (let i = 0; i < 5; i++) {
    await home.audit.append(draft({ type: 'test.paged', phase: 'admin', body: { i } }))
  }
  const seen: number[] = []
  let next: string | null = null
  do {
    const cursor: string = next === null ? '' : `&before=${next}`
    const answer = await home.read('GET', `/v1/audit/records?type=test.paged&limit=2${cursor}`)
    const page = AuditPage.parse(answer)
    assert.deepEqual(page, answer)
    assert.ok(page.records.every((entry) => entry.person_name === 'ada'))
    seen.push(...page.records.map(({ record }) => Number(record.body['i'])))
    next = page.next
  } while (next !== null && seen.length < 100)
  assert.deepEqual(seen, [4, 3, 2, 1, 0])
})

test('reading is recorded, once per request, with what was asked', async () => {
  const count = async (): Promise<number> =>
    (await home.audit.tail({ limit: 1_000, type: 'audit.read' })).length
  const before = await count()
  await home.read('GET', '/v1/audit/records?agent=robot')
  assert.equal(await count(), before + 1)
  const [record] = await home.audit.tail({ limit: 1, type: 'audit.read' })
  assert.equal(record?.record.person, home.ada.id)
  assert.deepEqual({ ...record.record.body }, { what: 'records', agent: 'robot' })
})

test('one record by its id and by its leaf, and its proof', async () => {
  const { id, leaf } = await home.audit.append(draft({ type: 'test.single', phase: 'admin' }))
  const byId = await home.read('GET', `/v1/audit/records/${id}`)
  assert.deepEqual(AuditEntry.parse(byId), byId)
  assert.deepEqual(await home.read('GET', `/v1/audit/records/${leaf}`), byId)
  const flushed = await home.read('POST', '/v1/audit/flush', { body: {} })
  assert.deepEqual(AuditFlushed.parse(flushed), flushed)
  const response = await home.ask('GET', `/v1/audit/records/${String(byId['index'])}/proof`)
  assert.equal(response.status, 200)
  assert.match(await response.text(), /^c2sp\.org\/tlog-proof@v1\n/)
  const unknown = await home.read('GET', '/v1/audit/records/nothing', {}, 404)
  assert.equal(unknown['code'], 'audit.not_found')
  const beyond = await home.read('GET', '/v1/audit/records/999999/proof', {}, 404)
  assert.equal(beyond['code'], 'audit.not_found')
  assert.equal(
    (await home.read('GET', '/v1/audit/records/01/proof', {}, 400))['code'],
    'api.invalid',
  )
})

test('INV-7 what a proof is about, byte for byte, and the keys that it takes: enough to verify it elsewhere', async () => {
  const { leaf } = await home.audit.append(draft({ type: 'test.entry', phase: 'admin' }))
  await home.read('POST', '/v1/audit/flush', { body: {} })
  const { index } = await home.read('GET', `/v1/audit/records/${leaf}`)
  const text = async (end: string): Promise<string> => {
    const response = await home.ask('GET', `/v1/audit/records/${String(index)}/${end}`)
    assert.equal(response.status, 200)
    return response.text()
  }
  const [entry, proof] = [await text('entry'), await text('proof')]
  const keys = await home.read('GET', '/v1/audit/keys')
  assert.deepEqual(AuditKeys.parse(keys), keys)
  const lines = AuditKeys.parse(keys).log.join('\n')
  const told = verifyRecordProof({ proof, entry: new TextEncoder().encode(entry), vkey: lines })
  assert.deepEqual(told.findings, [])
  assert.equal(told.record?.type, 'test.entry')
  const [read] = await home.audit.tail({ limit: 1, type: 'audit.read' })
  assert.deepEqual({ ...read?.record.body }, { what: 'entry', record: String(index) })
  const beyond = await home.read('GET', '/v1/audit/records/999999/entry', {}, 404)
  assert.equal(beyond['code'], 'audit.not_found')
})

test('a call is told from its first record to its last', async () => {
  const intent = await home.audit.append(draft({}))
  const open = await home.read('GET', `/v1/audit/calls/${CALL}`)
  assert.deepEqual(AuditCallStory.parse(open), open)
  const summary = open['summary'] as AuditCall['summary']
  assert.deepEqual([summary.answer, summary.status, summary.ended_at], ['allow', null, null])
  assert.deepEqual([summary.agent, summary.person, summary.system], ['robot', 'ada', 'files'])
  await home.audit.append(
    draft({ type: 'call.outcome', phase: 'outcome', ref: intent.leaf, body: { status: 'ok' } }),
  )
  const done = await home.read('GET', `/v1/audit/calls/${CALL}`)
  assert.equal((done['summary'] as AuditCall['summary']).status, 'ok')
  const unknown = await home.read('GET', '/v1/audit/calls/none', {}, 404)
  assert.equal(unknown['code'], 'audit.not_found')
})

test('a denied call and a held one are told as what they are', async () => {
  const call = (id: string) => `01900000-0000-7000-8000-0000000000${id}`
  const denied = { code: 'policy.denied', decision: { answer: 'deny' } }
  await home.audit.append(
    draft({ type: 'call.denied', phase: 'decision', call: call('de'), body: denied }),
  )
  await home.audit.append(
    draft({ type: 'approval.requested', phase: 'decision', call: call('fe'), body: {} }),
  )
  const summary = async (id: string) => {
    const told = await home.read('GET', `/v1/audit/calls/${call(id)}`)
    const { answer, status } = told['summary'] as AuditCall['summary']
    return [answer, status]
  }
  assert.deepEqual(await summary('de'), ['deny', 'denied'])
  assert.deepEqual(await summary('fe'), ['hold', null])
})

test('the tail tells of records as they come into the log, filtered, and goes on where one was left', async () => {
  const response = await home.ask('GET', '/v1/audit/tail?type=test.live')
  assert.equal(response.headers.get('content-type'), 'text/event-stream')
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  assert.equal((await reader.read()).value, ': alive\n\n')
  await home.audit.append(draft({ type: 'test.other', phase: 'admin' }))
  const { leaf } = await home.audit.append(draft({ type: 'test.live', phase: 'admin' }))
  const { value = '' } = await reader.read()
  const [, id, data] = /^id: (\d+)\nevent: record\ndata: (.*)\n\n$/.exec(value) ?? []
  const entry = AuditEntry.parse(JSON.parse(data ?? ''))
  assert.deepEqual([entry.leaf, entry.index, entry.person_name], [leaf, Number(id), 'ada'])
  home.timer.fire()
  assert.equal((await reader.read()).value, ': alive\n\n')
  await reader.cancel()
  // What came meanwhile is not lost: the stream goes on behind the last event that was seen.
  const later = await home.audit.append(draft({ type: 'test.live', phase: 'admin' }))
  const again = await home.ask('GET', `/v1/audit/tail?type=test.live&after=${id}`)
  const rest = again.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  while (!text.includes('event: record')) text += (await rest.read()).value ?? ''
  assert.ok(text.includes(later.leaf) && !text.includes(leaf))
  await rest.cancel()
})

test('search finds what was recorded before it, by any condition, and says where a query is wrong', async () => {
  await home.audit.append(draft({ type: 'test.sought', agent: 'sought', phase: 'admin' }))
  const found = await home.read('GET', '/v1/audit/search?q=agent%3Asought%20type%3Atest.*')
  assert.deepEqual(AuditFound.parse(found), found)
  assert.equal((found['records'] as unknown[]).length, 1)
  const wrong = await home.read('GET', '/v1/audit/search?q=colour%3Ared', {}, 400)
  assert.equal(wrong['code'], 'search.query')
  const [read] = await home.audit.tail({ limit: 1, type: 'audit.read' })
  assert.deepEqual({ ...read?.record.body }, { what: 'search', query: 'agent:sought type:test.*' })
})

test('so many may watch and no more; one who leaves makes room', async () => {
  const open = await Promise.all(
    Array.from({ length: 32 }, () => home.ask('GET', '/v1/audit/tail')),
  )
  const refused = await home.read('GET', '/v1/audit/tail', {}, 503)
  assert.equal(refused['code'], 'api.busy')
  await open[0]!.body!.cancel()
  const again = await home.ask('GET', '/v1/audit/tail')
  assert.equal(again.status, 200)
  for (const { body } of [...open.slice(1), again]) await body!.cancel()
})

test('the status and the metrics count what is there, and metrics name nobody', async () => {
  const status = await home.read('GET', '/v1/status')
  assert.deepEqual(Status.parse(status), status)
  assert.equal(status['policies'], null)
  const log = status['log'] as Status['log']
  assert.ok(log.size > 5 && Buffer.from(log.root, 'base64').length === 32)
  assert.equal(log.witnessed, false)
  const response = await home.ask('GET', '/metrics', { authorization: null })
  const text = await response.text()
  assert.match(text, /^# TYPE bailiwick_agents gauge\nbailiwick_agents 0$/m)
  assert.doesNotMatch(text, /ada|robot|home/)
})

test('a watcher whose connection closes makes room as well, and HEAD never watches', async () => {
  const path = '/v1/audit/tail'
  assert.equal((await home.ask('HEAD', path)).status, 405)
  const { port, close } = await home.control.listen({ host: '127.0.0.1', port: 0 })
  const host = `bailiwick.localhost:${port}`
  const watch = (): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const headers = { host, authorization: home.proof('GET', path) }
      request({ host: '127.0.0.1', port, path, headers, agent: false }, resolve)
        .on('error', reject)
        .end()
    })
  try {
    const open = await Promise.all(Array.from({ length: 32 }, watch))
    assert.ok(open.every(({ statusCode }) => statusCode === 200))
    assert.equal((await watch()).statusCode, 503)
    for (const response of open) response.destroy()
    let status: number | undefined
    for (let tries = 0; status !== 200 && tries < 500; tries++) {
      // The server hears of it on its own side of the socket, a little later.
      await setTimeout(10)
      status = (await watch()).statusCode
    }
    assert.equal(status, 200)
  } finally {
    await close()
  }
})
