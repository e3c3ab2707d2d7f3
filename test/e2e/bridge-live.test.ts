// Holds `bailiwick mcp` and `bailiwick call` as people run them: child processes, official clients of both eras, a real server.

import assert from 'node:assert/strict'
import { writeFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { InstancesAnswer } from '../../src/wire/api/instance.ts'
import type { McpEra } from '../../src/wire/system.ts'
import { Bailiwick, testServer } from './bailiwick.ts'
import { MAIN } from './child.ts'
import { refused, textOf } from './client.ts'
import { until } from './until.ts'

const POLICIES = `
@id("workers-probe") @without("task") permit (principal in Role::"worker", action in [
  Action::"probe/echo", Action::"probe/work", Action::"probe/weather", Action::"probe/fail"
], resource);
@id("weather-is-asked") @gate("operator") @reason("the weather is a secret")
forbid (principal in Role::"worker", action == Action::"probe/weather", resource);
`

let bailiwick: Bailiwick
let journal: string

before(async () => {
  bailiwick = await Bailiwick.start()
  journal = join(bailiwick.home, 'journal')
  writeFileSync(journal, '')
  await bailiwick.pin('probe', testServer('fakes/sdk-upstream.ts', journal))
  await bailiwick.apply(POLICIES)
  await bailiwick.agent('worker', ['worker'])
})

after(() => bailiwick[Symbol.asyncDispose]())

/** An official client whose server is `bailiwick mcp probe`. */
async function client(era: McpEra, more: readonly string[] = []): Promise<Client> {
  const made = new Client(
    { name: 'test-client', version: '1' },
    { versionNegotiation: { mode: era === '2025-11-25' ? 'legacy' : { pin: era } } },
  )
  const args = [MAIN, '--home', bailiwick.home, 'mcp', 'probe', '--as', 'worker', ...more]
  await made.connect(
    new StdioClientTransport({ command: process.execPath, args, stderr: 'ignore' }),
  )
  bailiwick.onEnd(() => made.close())
  // A client without a handshake says nothing before it is asked to: now the bridge has an identity.
  await made.listTools()
  return made
}

async function live(): Promise<readonly string[]> {
  const { instances } = await bailiwick.control.get('/v1/instances?agent=worker', InstancesAnswer)
  return instances.map(({ id }) => id)
}

/** The instance that `act` brought to life. */
async function newInstance(act: () => Promise<unknown>): Promise<string> {
  const earlier = await live()
  await act()
  const made = (await live()).filter((each) => !earlier.includes(each))
  assert.equal(made.length, 1)
  return made[0]!
}

for (const era of ['2025-11-25', '2026-07-28'] as const) {
  test(`${era} a client over the bridge lists, calls, sees progress, cancels, is denied, and leaves`, async () => {
    let mcp: Client | undefined
    const instance = await newInstance(async () => (mcp = await client(era)))
    assert.ok(mcp !== undefined)
    const { tools } = await mcp.listTools()
    assert.ok(tools.some(({ name }) => name === 'echo'))
    assert.ok(!tools.some(({ name }) => name === 'break'))
    const answer = await mcp.callTool({ name: 'echo', arguments: { text: 'grüße' } })
    assert.equal(textOf(answer), 'grüße')
    const leave = new AbortController()
    const name = `work of ${era}`
    let steps = 0
    const work = mcp.callTool(
      { name: 'work', arguments: { name } },
      {
        signal: leave.signal,
        onprogress: () => {
          steps++
          if (steps === 3) leave.abort()
        },
      },
    )
    await assert.rejects(work)
    assert.ok(steps >= 3)
    await until('the system to hear of it', () =>
      readFileSync(journal, 'utf8').includes(`cancelled ${name}`),
    )
    const denied = await refused(mcp.callTool({ name: 'break', arguments: {} }))
    assert.match(denied.code, /^(policy\.denied|resolve\.)/)
    await mcp.close()
    await until('the instance to end', async () => !(await live()).includes(instance))
  })
}

test('the gateway restarts: the same bridge, as the same instance, goes on', async () => {
  let mcp: Client | undefined
  const instance = await newInstance(async () => (mcp = await client('2026-07-28')))
  assert.ok(mcp !== undefined)
  await bailiwick.stop()
  const call = mcp.callTool({ name: 'echo', arguments: { text: 'patience' } })
  await bailiwick.serve()
  assert.equal(textOf(await call), 'patience')
  assert.ok((await live()).includes(instance))
  await mcp.close()
})

test('INV-5 a bridge whose instance was revoked does not come back by itself', async () => {
  let mcp: Client | undefined
  const instance = await newInstance(async () => (mcp = await client('2025-11-25')))
  assert.ok(mcp !== undefined)
  const revoked = await bailiwick.cli(['instance', 'revoke', instance, '--reason', 'a test'])
  assert.equal(revoked.code, 0, revoked.stderr)
  const refusal = await refused(mcp.callTool({ name: 'echo', arguments: { text: 'still here' } }))
  assert.equal(refusal.code, 'bridge.revoked')
  assert.doesNotMatch(readFileSync(journal, 'utf8'), /still here/)
  assert.deepEqual(await live(), [])
  await mcp.close()
})

test('a join token from a file is enough, and enough once', async () => {
  const file = join(bailiwick.home, 'token')
  writeFileSync(file, `${await bailiwick.joinToken('worker')}\n`, { mode: 0o600 })
  const where = ['--identity', bailiwick.identityUrl, '--gateway', bailiwick.gatewayUrl]
  const more = ['--join-token-file', file, '--home', '/nonexistent', ...where]
  // The SDK's client of 2026-07-28 starts its server twice, once to see what it speaks: that takes two tokens.
  const mcp = await client('2025-11-25', more)
  assert.equal(textOf(await mcp.callTool({ name: 'echo', arguments: { text: 'a' } })), 'a')
  await mcp.close()
  await using again = bailiwick.spawnCli(['mcp', 'probe', '--as', 'worker', ...more])
  again.say('{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}\n')
  const { code, stdout } = await again.ended
  assert.equal(code, 0)
  const line = JSON.parse(stdout) as { id: number; error: { data: { code: string } } }
  assert.equal(line.id, 1)
  assert.equal(line.error.data.code, 'join_token.reused')
})

test('a call from a shell: made, denied, held, approved, each with its exit code', async () => {
  const call = ['call', 'probe', '--as', 'worker']
  const made = await bailiwick.cli([...call, 'echo', '--json', '-'], '{"text":"from a shell"}')
  assert.deepEqual([made.code, made.stdout], [0, 'from a shell\n'], made.stderr)
  const failed = await bailiwick.cli([...call, 'fail', '--json', '{}'])
  assert.equal(failed.code, 1)
  assert.match(failed.stderr, /cli\.system_error/)
  const unknown = await bailiwick.cli([...call, 'nothing', '--json', '{}'])
  assert.equal(unknown.code, 1)
  assert.match(unknown.stderr, /resolve\.unknown_action/)
  await bailiwick.agent('idler', [])
  const denied = await bailiwick.cli([
    'call',
    'probe',
    'echo',
    '--as',
    'idler',
    '--json',
    '{"text":"x"}',
    '-o',
    'json',
  ])
  assert.equal(denied.code, 3)
  const { error } = JSON.parse(denied.stderr) as { error: { code: string; call: string } }
  assert.equal(error.code, 'policy.denied')
  const shown = await bailiwick.cli(['audit', 'show', error.call])
  assert.match(shown.stdout, /call\.denied/)

  const weather = [...call, 'weather', '--json', '{"city":"Köln"}']
  const held = await bailiwick.cli(weather)
  assert.equal(held.code, 5)
  await until('nothing to be held', async () => (await bailiwick.pending()).length === 0)
  await using waiting = bailiwick.spawnCli([...weather, '--wait'])
  const { id } = await bailiwick.held()
  await until('the command to be told', () =>
    waiting.stderr.includes(`bailiwick approval approve ${id}`),
  )
  const approval = await bailiwick.cli(['approval', 'show', id])
  assert.match(approval.stdout, /"city": "Köln"/)
  const approved = await bailiwick.cli(['approval', 'approve', id, '--reason', 'a test'])
  assert.deepEqual([approved.code, approved.stdout], [0, `approved: ${id}\n`])
  const ended = await waiting.ended
  assert.equal(ended.code, 0, ended.stderr)
  assert.match(ended.stdout, /Köln/)

  await using refusedCall = bailiwick.spawnCli([...weather, '--wait'])
  const next = await bailiwick.held()
  const no = await bailiwick.cli(['approval', 'deny', next.id, '--reason', 'not today'])
  assert.equal(no.code, 0)
  const over = await refusedCall.ended
  assert.equal(over.code, 3)
  assert.match(over.stderr, /not today.*approval\.denied/)
})

test('a call that is interrupted exits with 130, and its instance is gone', async () => {
  const path = ['call', 'probe', 'weather', '--json', '{"city":"Bonn"}', '--as', 'worker', '--wait']
  await using waiting = bailiwick.spawnCli(path)
  await bailiwick.held()
  waiting.kill('SIGINT')
  assert.equal((await waiting.ended).code, 130)
  await until('the approval to be void', async () => (await bailiwick.pending()).length === 0)
  assert.deepEqual(await live(), [])
})

test('doctor and verify find this home in order', async () => {
  const verified = await bailiwick.cli(['audit', 'verify', '-o', 'json'])
  assert.equal(verified.code, 0, verified.stderr)
  assert.equal((JSON.parse(verified.stdout) as { ok: boolean }).ok, true)
  const examined = await bailiwick.cli(['doctor', '-o', 'json'])
  const { findings } = JSON.parse(examined.stdout) as {
    findings: { check: string; state: string; detail: string }[]
  }
  assert.deepEqual(
    findings.filter(({ state }) => state === 'bad'),
    [],
  )
  assert.equal(examined.code, 0)
})
