// Holds the gateway as official MCP clients of both eras see it, in front of real servers of both eras.

import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Client } from '@modelcontextprotocol/client'
import type { Holder } from '../../src/cli/identity/holder.ts'
import type { McpEra } from '../../src/wire/system.ts'
import { Bailiwick, officialServer, testServer } from './bailiwick.ts'
import { connect, refused, textOf } from './client.ts'
import { until } from './until.ts'

const ERAS: readonly McpEra[] = ['2025-11-25', '2026-07-28']

const POLICIES = `
@id("workers-probe") @without("task") permit (principal in Role::"worker", action in [
  Action::"probe/echo", Action::"probe/weather", Action::"probe/work", Action::"probe/fail", Action::"probe/break"
], resource);
@id("workers-everything") @without("task") permit (principal in Role::"worker", action in [
  Action::"everything/echo", Action::"everything/get-structured-content",
  Action::"everything/trigger-long-running-operation", Action::"everything/get-tiny-image"
], resource);
@id("workers-read") @without("task") permit (principal in Role::"worker", action == Action::"files/read_text_file", resource);
`

let bailiwick: Bailiwick
let holder: Holder
let journal: string
let scratch: string
const clients = new Map<string, Client>()

function client(era: McpEra, system: string): Client {
  return clients.get(`${era} ${system}`)!
}

function journalled(line: string): Promise<boolean> {
  return until(`\`${line}\` in the journal`, () => journalLines().includes(line))
}

function journalLines(): string[] {
  return readFileSync(journal, 'utf8').split('\n')
}

before(async () => {
  bailiwick = await Bailiwick.start()
  journal = join(bailiwick.home, 'journal')
  writeFileSync(journal, '')
  scratch = join(bailiwick.home, 'scratch')
  mkdirSync(scratch)
  writeFileSync(join(scratch, 'note.txt'), 'ça va — 100 % ✓\n')
  const probe = await bailiwick.pin('probe', testServer('fakes/sdk-upstream.ts', journal))
  const everything = await bailiwick.pin('everything', officialServer('server-everything'))
  const files = await bailiwick.pin('files', [...officialServer('server-filesystem'), scratch])
  assert.deepEqual(
    [probe.era, everything.era, files.era],
    ['2026-07-28', '2025-11-25', '2025-11-25'],
  )
  await bailiwick.apply(POLICIES)
  await bailiwick.agent('worker', ['worker'])
  holder = await bailiwick.enrol('worker')
  for (const era of ERAS) {
    for (const system of ['probe', 'everything', 'files']) {
      clients.set(`${era} ${system}`, await connect(bailiwick, holder, system, { era }))
    }
  }
})

after(() => bailiwick[Symbol.asyncDispose]())

for (const era of ERAS) {
  describe(`a client of ${era}`, () => {
    test('sees of every system what policy could let it call, and nothing else', async () => {
      for (const [system, tools] of [
        ['probe', ['break', 'echo', 'fail', 'weather', 'work']],
        [
          'everything',
          ['echo', 'get-structured-content', 'get-tiny-image', 'trigger-long-running-operation'],
        ],
        ['files', ['read_text_file']],
      ] as const) {
        const listed = await client(era, system).listTools()
        assert.deepEqual(listed.tools.map((tool) => tool.name).sort(), tools)
        for (const { inputSchema } of listed.tools) assert.equal(inputSchema.type, 'object')
      }
    })

    test('is told which revision is spoken, and by whom', () => {
      for (const system of ['probe', 'everything', 'files']) {
        assert.equal(client(era, system).getNegotiatedProtocolVersion(), era)
        assert.equal(client(era, system).getServerVersion()?.name, `bailiwick/${system}`)
        const can = Object.keys(client(era, system).getServerCapabilities() ?? {})
        // Resources, prompts and completions of `everything` are there, and no policy permits them.
        assert.deepEqual(
          can.filter((one) => one !== 'logging'),
          ['tools'],
        )
      }
    })

    test('calls tools of both eras and gets their content as it is', async () => {
      const words = 'Ünïcode “quoted” \\ \u2028 😀 \t end'
      const echoed = await client(era, 'probe').callTool({
        name: 'echo',
        arguments: { text: words },
      })
      assert.equal(textOf(echoed), words)
      const path = join(scratch, 'note.txt')
      const read = await client(era, 'files').callTool({
        name: 'read_text_file',
        arguments: { path },
      })
      assert.equal(textOf(read), 'ça va — 100 % ✓\n')
      const image = await client(era, 'everything').callTool({
        name: 'get-tiny-image',
        arguments: {},
      })
      const [, picture] = image.content as { type: string; mimeType?: string; data?: string }[]
      assert.equal(picture?.type, 'image')
      assert.equal(picture.mimeType, 'image/png')
      assert.deepEqual([...Buffer.from(picture.data!, 'base64').subarray(1, 4)], [0x50, 0x4e, 0x47])
    })

    test('gets structured content that fits the output schema it was listed', async () => {
      await client(era, 'probe').listTools()
      const weather = await client(era, 'probe').callTool({
        name: 'weather',
        arguments: { city: 'Rome' },
      })
      assert.deepEqual(weather.structuredContent, { city: 'Rome', degrees: 21.5 })
      await client(era, 'everything').listTools()
      const other = await client(era, 'everything').callTool({
        name: 'get-structured-content',
        arguments: { location: 'Chicago' },
      })
      const structured = { temperature: 36, conditions: 'Light rain / drizzle', humidity: 82 }
      assert.deepEqual(other.structuredContent, structured)
    })

    test('gets progress while a call runs, and its result after', async () => {
      const seen: number[] = []
      const result = await client(era, 'everything').callTool(
        { name: 'trigger-long-running-operation', arguments: { duration: 1, steps: 4 } },
        { onprogress: ({ progress }) => seen.push(progress) },
      )
      assert.match(textOf(result), /completed/)
      assert.deepEqual(seen, [1, 2, 3, 4])
    })

    test('cancels a call, which the upstream is told and the record says', async () => {
      const name = `cancelled-by-${era}`
      const stop = new AbortController()
      const before = (await bailiwick.records('call.outcome')).length
      let progress = 0
      const call = client(era, 'probe').callTool(
        { name: 'work', arguments: { name } },
        { signal: stop.signal, onprogress: (told) => (progress = told.progress) },
      )
      const failed = assert.rejects(call)
      await until('progress', () => progress >= 2)
      stop.abort()
      await failed
      await journalled(`cancelled ${name}`)
      const outcome = await until(
        'the outcome',
        async () => (await bailiwick.records('call.outcome'))[before],
      )
      assert.equal(outcome.record.body['status'], 'cancelled')
      assert.equal(outcome.record.body['code'], 'call.cancelled')
    })

    test('whose own patience ends cancels as well', async () => {
      const name = `impatient-${era}`
      const call = client(era, 'probe').callTool(
        { name: 'work', arguments: { name } },
        { timeout: 1_500 },
      )
      await assert.rejects(call, /time/i)
      // The call may not have reached the upstream in that time on a slow machine: then nothing was to be cancelled.
      await until('no call under way', async () => (await bailiwick.status()).calls_in_flight === 0)
      const started = journalLines().some((line) => line.startsWith(`work ${name} `))
      if (started) await journalled(`cancelled ${name}`)
    })

    test('gets a tool’s failure as the result that it is', async () => {
      const failed = await client(era, 'probe').callTool({ name: 'fail', arguments: {} })
      assert.deepEqual([failed.isError, textOf(failed)], [true, 'it did not work'])
      const broke = await client(era, 'probe').callTool({ name: 'break', arguments: {} })
      assert.equal(broke.isError, true)
      const missing = await client(era, 'files').callTool({
        name: 'read_text_file',
        arguments: { path: join(scratch, 'missing.txt') },
      })
      assert.equal(missing.isError, true)
      const outcomes = await until('three outcomes', async () => {
        const found = (await bailiwick.records('call.outcome')).slice(-3)
        return found.every((entry) => entry.record.body['status'] === 'tool_error') && found
      })
      assert.equal(outcomes.length, 3)
    })

    test('is told why a call is refused, in words and with a code', async () => {
      const calls = client(era, 'probe')
      for (const [name, args, rpc, code, says] of [
        ['hidden', {}, -32010, 'policy.denied', /no policy permits/],
        ['nothing', {}, -32602, 'resolve.unknown_action', /`nothing`/],
        ['echo', {}, -32602, 'resolve.bad_arguments', /text/],
        ['echo', { text: 7 }, -32602, 'resolve.bad_arguments', /text/],
        ['echo', { text: 'x', more: 1 }, -32602, 'resolve.bad_arguments', /`more`/],
      ] as const) {
        const refusal = await refused(calls.callTool({ name, arguments: args }))
        assert.deepEqual([refusal.rpc, refusal.code], [rpc, code], refusal.message)
        assert.match(refusal.message, says)
        assert.equal(typeof refusal.data['next'], 'string')
        assert.ok(refusal.message.includes(String(refusal.data['next'])), 'the model sees it too')
        const [record] = (await bailiwick.records('call.denied')).slice(-1)
        assert.equal(record?.record.body['code'], code)
        assert.equal(record?.record.call, refusal.data['call'])
      }
      assert.ok(!journalLines().includes('hidden'))
    })
  })
}

test('what both eras did is one log that verifies', async () => {
  const report = await bailiwick.verify()
  assert.equal(report.ok, true, JSON.stringify(report.findings))
})
