// Holds the command line end to end: real processes against a real server, their exit codes and their JSON.

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import type { McpEra } from '../../src/wire/system.ts'
import { Bailiwick, testServer } from './bailiwick.ts'
import { Child, MAIN } from './child.ts'
import { refused, textOf } from './client.ts'
import { until } from './until.ts'

const POLICIES = `
@id("workers") @without("task") permit (principal in Role::"worker", action in [
  Action::"probe/echo", Action::"probe/work", Action::"probe/fail"
], resource);
@id("echo-is-looked-at") @gate("operator")
forbid (principal in Role::"worker", action == Action::"probe/echo", resource)
when { context.input.text like "hold*" };
`

let bailiwick: Bailiwick
let journal: string

before(async () => {
  bailiwick = await Bailiwick.start({ BAILIWICK_HOLD_MS: '2000' })
  journal = join(bailiwick.home, 'journal')
  writeFileSync(journal, '')
  await bailiwick.pin('probe', testServer('fakes/sdk-upstream.ts', journal))
  await bailiwick.apply(POLICIES)
  await bailiwick.agent('worker', ['worker'])
})

after(() => bailiwick[Symbol.asyncDispose]())

function journalled(): string[] {
  return readFileSync(journal, 'utf8').split('\n')
}

function errorOf(stderr: string): { code: string; message: string; next: string } {
  const line = stderr.trim().split('\n').at(-1)!
  return (JSON.parse(line) as { error: { code: string; message: string; next: string } }).error
}

function call(...words: string[]): ReturnType<Bailiwick['cli']> {
  return bailiwick.cli(['-o', 'json', 'call', 'probe', ...words])
}

test('`call` ends with 0 where it ran, 3 where it was denied, 5 where it is held, and says which', async () => {
  const ran = await call('echo', '--as', 'worker', '--json', '{"text":"from a shell"}')
  assert.equal(ran.code, 0, ran.stderr)
  assert.equal(textOf(JSON.parse(ran.stdout) as Record<string, unknown>), 'from a shell')
  const [intent] = (await bailiwick.records('call.intent')).slice(-1)
  assert.equal(intent?.person_name, bailiwick.control.operator.name, 'who typed it is in the chain')
  const piped = await bailiwick.cli(
    ['-o', 'json', 'call', 'probe', 'echo', '--as', 'worker', '--json', '-'],
    '{"text":"from a pipe"}',
  )
  assert.equal(piped.code, 0, piped.stderr)
  const denied = await call('hidden', '--as', 'worker')
  assert.deepEqual([denied.code, errorOf(denied.stderr).code], [3, 'policy.denied'])
  assert.equal(denied.stdout, '')
  const held = await call('echo', '--as', 'worker', '--json', '{"text":"hold it"}')
  assert.deepEqual([held.code, errorOf(held.stderr).code], [5, 'approval.pending'])
  await until('nothing is held for who left', async () => (await bailiwick.pending()).length === 0)
  assert.ok(!journalled().includes('echo hold it'))
  for (const [words, exit, code] of [
    [['nothing', '--as', 'worker'], 1, 'resolve.unknown_action'],
    [['echo', '--as', 'worker', '--json', '{"text":1}'], 1, 'resolve.bad_arguments'],
    [['echo', '--as', 'worker', '--json', '{"text":"a","text":"b"}'], 2, 'cli.usage'],
    [['echo', '--as', 'worker', '--json', '[]'], 2, 'cli.usage'],
    [['echo', '--as', 'nobody', '--json', '{"text":"a"}'], 1, 'agent.unknown'],
    [['echo'], 2, 'cli.usage'],
  ] as const) {
    const wrong = await call(...words)
    assert.deepEqual([wrong.code, errorOf(wrong.stderr).code], [exit, code], wrong.stderr)
  }
})

test('`call --wait` says that it waits, and runs once a person agrees', async () => {
  const words = ['echo', '--as', 'worker', '--wait', '--json', '{"text":"hold on"}']
  await using waiting = bailiwick.spawnCli(['-o', 'json', 'call', 'probe', ...words])
  waiting.say('')
  const held = await bailiwick.held()
  await until('it says so', () => waiting.stderr.includes(held.id))
  const agreed = await bailiwick.cli(['approval', 'approve', held.id, '--reason', 'go on'])
  assert.equal(agreed.code, 0, agreed.stderr)
  const ended = await waiting.ended
  assert.equal(ended.code, 0, ended.stderr)
  assert.equal(textOf(JSON.parse(ended.stdout) as Record<string, unknown>), 'hold on')
  assert.equal(journalled().filter((line) => line === 'echo hold on').length, 1)
})

/** An official client whose server is the bridge, as an MCP client's configuration starts it. */
async function bridged(
  era: McpEra,
  words: readonly string[],
  home: string,
): Promise<{ client: Client; transport: StdioClientTransport; told: string[] }> {
  const told: string[] = []
  const mode = era === '2025-11-25' ? 'legacy' : { pin: era }
  const client = new Client(
    { name: 'desktop', version: '1' },
    { capabilities: { elicitation: { url: {} } }, versionNegotiation: { mode } },
  )
  client.setRequestHandler('elicitation/create', ({ params }) => {
    if (params.mode === 'url') told.push(params.url)
    return { action: 'accept' as const }
  })
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [MAIN, '--home', home, 'mcp', 'probe', '--as', 'worker', ...words],
    env: { PATH: process.env['PATH'] ?? '' },
    stderr: 'ignore',
  })
  await client.connect(transport)
  return { client, transport, told }
}

for (const era of ['2025-11-25', '2026-07-28'] as const) {
  test(`the bridge serves an official stdio client of ${era}: list, call, progress, cancel, hold`, async () => {
    const { client, told } = await bridged(era, [], bailiwick.home)
    try {
      const { tools } = await client.listTools()
      assert.deepEqual(
        tools.map(({ name }) => name).sort(),
        ['bailiwick_request_access', 'echo', 'fail', 'work'],
        'those of the system, and ours',
      )
      const echoed = await client.callTool({ name: 'echo', arguments: { text: 'à \u2028 b' } })
      assert.equal(textOf(echoed), 'à \u2028 b')
      const failed = await client.callTool({ name: 'fail', arguments: {} })
      assert.equal(failed.isError, true)
      const denied = await refused(client.callTool({ name: 'hidden', arguments: {} }))
      assert.deepEqual([denied.rpc, denied.code], [-32010, 'policy.denied'])
      const stop = new AbortController()
      let progress = 0
      const name = `bridged-${era}`
      const work = client.callTool(
        { name: 'work', arguments: { name } },
        { signal: stop.signal, onprogress: (one) => (progress = one.progress) },
      )
      const over = assert.rejects(work)
      await until('progress', () => progress >= 2)
      stop.abort()
      await over
      await until('the cancellation', () => journalled().includes(`cancelled ${name}`))
      const text = `hold through the bridge ${era}`
      // A 2025 client may be told to ask again before the person has come; then it asks again.
      const again = (): undefined => undefined
      const call = client.callTool({ name: 'echo', arguments: { text } }).then(textOf, again)
      const held = await bailiwick.held()
      if (era === '2026-07-28') await until('the address', () => told.includes(held.url))
      const agreed = await bailiwick.cli(['approval', 'approve', held.id, '--reason', 'go on'])
      assert.equal(agreed.code, 0, agreed.stderr)
      const said =
        (await call) ?? textOf(await client.callTool({ name: 'echo', arguments: { text } }))
      assert.equal(said, text)
      assert.equal(journalled().filter((line) => line === `echo ${text}`).length, 1)
    } finally {
      await client.close()
    }
  })
}

test('the bridge enrols with a join token from a file, without a home or a credential', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bailiwick-bridge-'))
  try {
    const file = join(folder, 'join-token')
    writeFileSync(file, `${await bailiwick.joinToken('worker')}\n`, { mode: 0o600 })
    const where = ['--identity', bailiwick.identityUrl, '--gateway', bailiwick.gatewayUrl]
    const words = ['--join-token-file', file, ...where]
    // A client of 2026-07-28 starts its server twice, once to look: a token that is used once serves it once.
    const { client } = await bridged('2025-11-25', words, join(folder, 'no-home'))
    try {
      const echoed = await client.callTool({ name: 'echo', arguments: { text: 'with a token' } })
      assert.equal(textOf(echoed), 'with a token')
    } finally {
      await client.close()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('the bridge goes on over a restart of the server', async () => {
  const { client } = await bridged('2025-11-25', [], bailiwick.home)
  try {
    const first = await client.callTool({ name: 'echo', arguments: { text: 'before' } })
    assert.equal(textOf(first), 'before')
    await bailiwick.stop('SIGKILL')
    const call = client.callTool({ name: 'echo', arguments: { text: 'after' } })
    const outcome = call.then(textOf, (error: unknown) => error)
    await bailiwick.serve()
    assert.equal(await outcome, 'after')
  } finally {
    await client.close()
  }
})

test('a second server on the same home is refused with the pid of the first', async () => {
  const ports = ['--control-port', '0', '--identity-port', '0', '--gateway-port', '0']
  const second = await bailiwick.cli(['-o', 'json', 'serve', ...ports])
  assert.equal(second.code, 1)
  const error = errorOf(second.stderr)
  assert.equal(error.code, 'store.home_in_use')
  assert.ok(error.message.includes(String(bailiwick.server.pid)), error.message)
  assert.equal((await bailiwick.status()).version !== '', true, 'the first goes on')
})

test('a port in use names who holds it, and nothing is left running', async () => {
  const taken = createServer()
  taken.listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo
  const home = mkdtempSync(join(tmpdir(), 'bailiwick-ports-'))
  try {
    for (const which of ['control', 'identity', 'gateway']) {
      const ports = ['control', 'identity', 'gateway'].flatMap((name) => [
        `--${name}-port`,
        name === which ? String(port) : '0',
      ])
      await using child = new Child([MAIN, '--home', home, '-o', 'json', 'serve', ...ports])
      const { code, stdout, stderr } = await child.ended
      assert.deepEqual([code, stdout], [1, ''], stderr)
      const error = errorOf(stderr)
      assert.equal(error.code, 'server.port_in_use')
      assert.ok(error.message.includes(`pid ${process.pid}`), error.message)
      assert.ok(error.message.includes(String(port)))
      assert.ok(error.next.includes(`--${which}-port`))
    }
  } finally {
    taken.close()
    rmSync(home, { recursive: true, force: true })
  }
})

test('without a home, a command says how to get one, and ends with 4', async () => {
  const home = join(bailiwick.home, 'not-there')
  for (const words of [['status'], ['lock', 'ls'], ['call', 'probe', 'echo', '--as', 'worker']]) {
    await using child = new Child([MAIN, '--home', home, '-o', 'json', ...words])
    child.say('')
    const { code, stderr } = await child.ended
    assert.deepEqual([code, errorOf(stderr).code], [4, 'cli.no_operator'])
    assert.match(errorOf(stderr).next, /bailiwick dev/)
  }
})
