// Holds exports and metrics end to end: sinks.yaml, a webhook that answers and one that does not, and what Prometheus is told.

import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { SinksAnswer, SinkTested } from '../../src/wire/api/export.ts'
import { Bailiwick, testServer } from './bailiwick.ts'
import { legacy, send } from './client.ts'
import { until } from './until.ts'

let bailiwick: Bailiwick
let hooked: string[] = []
let working = true

const hook = createServer((asked, response) => {
  let text = ''
  asked.on('data', (part: Buffer) => (text += part.toString()))
  asked.on('end', () => {
    if (working) hooked.push(text)
    response.writeHead(working ? 204 : 503).end()
  })
})

before(async () => {
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve))
  const { port } = hook.address() as AddressInfo
  const home = mkdtempSync(join(tmpdir(), 'bailiwick-e2e-'))
  chmodSync(home, 0o700)
  writeFileSync(join(home, 'webhook-key'), 'k'.repeat(32), { mode: 0o600 })
  const sinks = `
sinks:
  - name: archive
    kind: file
    path: ${home}/out.ndjson
  - name: chat
    kind: webhook
    url: http://127.0.0.1:${port}/in
    secret_file: ${home}/webhook-key
    select: [call.*, export.tested]
`
  writeFileSync(join(home, 'sinks.yaml'), sinks, { mode: 0o600 })
  bailiwick = await Bailiwick.start({}, home)
  await bailiwick.pin('probe', testServer('fakes/sdk-upstream.ts', join(home, 'journal')))
  await bailiwick.apply(
    `@id("p") @without("task") permit (principal in Role::"worker", action == Action::"probe/echo", resource);`,
  )
})

after(async () => {
  await bailiwick[Symbol.asyncDispose]()
  hook.closeAllConnections()
  hook.close()
})

async function json(...words: string[]): Promise<unknown> {
  const { code, stdout, stderr } = await bailiwick.cli([...words, '-o', 'json'])
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout)
}

test('a call arrives at every sink that wants it, in order, and its figures at Prometheus', async () => {
  await bailiwick.agent('exporter', ['worker'])
  const holder = await bailiwick.enrol('exporter')
  const call = (name: string) =>
    send(bailiwick, holder, legacy('tools/call', { name, arguments: { text: 'a' } }))
  assert.equal((await call('echo')).code, undefined)
  assert.notEqual((await call('work')).code, undefined)
  // Outcomes are not waited for: a sink may have everything before the last of it is recorded.
  const arrived = (): number => hooked.flatMap((text) => JSON.parse(text) as unknown[]).length
  await until('every record of the calls has arrived', () => arrived() >= 3)
  await until('both sinks have everything', async () => {
    const { sinks } = SinksAnswer.parse(await json('audit', 'sinks'))
    return sinks.every(({ lag, problem }) => lag === 0 && problem === null)
  })
  const events = hooked.flatMap(
    (text) => JSON.parse(text) as { metadata: { event_code: string } }[],
  )
  assert.deepEqual(
    events.map(({ metadata }) => metadata.event_code),
    ['call.intent', 'call.outcome', 'call.denied'],
  )
  const lines = readFileSync(join(bailiwick.home, 'out.ndjson'), 'utf8').trim().split('\n')
  const indices = lines.map((line) => (JSON.parse(line) as { index: number }).index)
  assert.deepEqual(
    indices,
    Array.from({ length: indices.length }, (_, i) => i),
  )

  const text = await metrics()
  assert.match(text, /^bailiwick_calls_total\{outcome="ok"\} 1$/m)
  assert.match(text, /^bailiwick_calls_total\{outcome="denied"\} 1$/m)
  assert.match(text, /^bailiwick_call_seconds_count\{phase="total"\} 2$/m)
  assert.match(text, /^bailiwick_call_added_seconds_count 1$/m)
  assert.match(text, /^bailiwick_sink_failing\{sink="chat"\} 0$/m)
  assert.match(text, /^bailiwick_start_seconds \d/m)
  assert.doesNotMatch(text, /exporter|probe/)
})

/** Over the CLI's own connection, which sets the Host that the listener asks for. */
function metrics(): Promise<string> {
  const port = bailiwick.controlPort
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path: '/metrics' }
    const headers = { host: `bailiwick.localhost:${port}` }
    request({ ...options, headers }, (response) => {
      let text = ''
      response.on('data', (part: Buffer) => (text += part.toString()))
      response.on('end', () => resolve(text))
    })
      .on('error', reject)
      .end()
  })
}

test('a sink that is down says so, loses nothing, and a test tells the truth', async () => {
  working = false
  const failed = await bailiwick.cli(['audit', 'sink', 'test', 'chat'])
  assert.equal(failed.code, 1)
  assert.match(failed.stderr, /it answered 503/)
  await until('it is shown to be failing', async () => {
    const { sinks } = SinksAnswer.parse(await json('audit', 'sinks'))
    return sinks.some(({ name, problem, lag }) => name === 'chat' && problem !== null && lag > 0)
  })
  working = true
  hooked = []
  SinkTested.parse(await json('audit', 'sink', 'test', 'chat'))
  await until('what it missed has arrived', () => hooked.join('').split('export.tested').length > 4)
  const unknown = await bailiwick.cli(['audit', 'sink', 'test', 'none'])
  assert.match(unknown.stderr, /no sink has this name/)
})

test('sinks.yaml that is not understood refuses the start, with the place', async () => {
  const home = mkdtempSync(join(tmpdir(), 'bailiwick-e2e-'))
  writeFileSync(join(home, 'sinks.yaml'), 'sinks: [{name: a, kind: kafka}]', { mode: 0o600 })
  await assert.rejects(Bailiwick.start({}, home), /sinks\.0\.kind/)
})
