// Holds what slow witnesses can do: nothing. No call waits, no checkpoint waits, no quorum that is there without them waits, and every answer has an end.

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { openAuditLog } from '../../src/audit/open.ts'
import { intent, logOptions, temporaryHome } from '../../src/audit/testbed.test.ts'
import { openAsk } from '../../src/audit/witness/ask.ts'
import { parseAddCheckpoint } from '../../src/audit/witness/protocol.ts'
import { WitnessClient, type AskWitness } from '../../src/audit/witness/witness-client.ts'
import { openWitnessKey } from '../../src/audit/witness/witness-key.ts'
import { Witness } from '../../src/audit/witness/witness.ts'
import { systemClock } from '../../src/std/clock.ts'
import { parseWitnessPolicy } from '../../src/tlog/policy.ts'
import { Child, MAIN } from '../e2e/child.ts'
import { until } from '../e2e/until.ts'
import { FakeTimer } from '../fakes/identity.ts'

/** A log with two witnesses: one that answers at once, and one that answers when the test lets it. */
async function scene(t: TestContext, quorum: 'any' | 'all') {
  const home = mkdtempSync(join(tmpdir(), 'bailiwick-slow-'))
  const log = await openAuditLog(logOptions(home))
  await log.append(intent('a'))
  await log.flush()
  const logs = readFileSync(join(home, 'log.vkey'), 'utf8')
  const [fast, slow] = ['fast', 'slow'].map((name) => {
    const directory = join(temporaryHome(t), name)
    const { signer, vkey } = openWitnessKey(directory, `witness.test/${name}`, systemClock)
    return { vkey, witness: new Witness({ directory, logs, signer, vkey }) }
  })
  let release = (): void => undefined
  const released = new Promise<void>((resolve) => (release = resolve))
  let asked = 0
  const ask: AskWitness = async (url, body) => {
    const isSlow = url.startsWith('http://slow')
    if (isSlow) {
      asked += 1
      await released
    }
    const { witness } = (isSlow ? slow : fast)!
    return { status: 200, media: '', text: witness.add(parseAddCheckpoint(body)) }
  }
  const policy = `witness fast ${fast!.vkey} http://fast\nwitness slow ${slow!.vkey} http://slow\ngroup g ${quorum} fast slow\nquorum g\n`
  const client = new WitnessClient({
    directory: join(home, 'log'),
    policy: parseWitnessPolicy(policy),
    everyMs: 1_000,
    lagMs: 0,
    clock: systemClock,
    timer: new FakeTimer(),
    ask,
    show: () => assert.fail('nobody speaks of another history'),
    vkeys: () => logs,
    shard: () => log.shards.at(-1)?.name,
    onForked: () => assert.fail('there is none'),
  })
  t.after(async () => {
    release()
    await client.close()
    await log.close()
    rmSync(home, { recursive: true, force: true })
  })
  return { home, log, client, policy, release, asked: () => asked }
}

test('INV-1 while a witness does not answer, calls are recorded, sequenced and published as ever, and it is asked once', async (t) => {
  const { log, client, asked } = await scene(t, 'all')
  const round = client.round()
  await until('the slow one is asked', () => asked() === 1)
  for (let i = 0; i < 20; i++) {
    await log.append(intent(`call-${i}`))
    const { size } = await log.flush()
    assert.match(log.checkpoint(), new RegExp(`\n${size}\n`))
  }
  // Whoever asks for another round meanwhile gets this one.
  assert.equal(client.round(), round)
  assert.equal(asked(), 1)
  assert.equal(client.state().result?.met ?? false, false)
})

test('a quorum that is there without the slow one does not wait for it, and its cosignature still comes', async (t) => {
  const { log, client, release, asked } = await scene(t, 'any')
  const round = client.round()
  const met = () => client.state().result
  await until('the quorum', () => met()?.met === true)
  assert.equal(asked(), 1)
  assert.deepEqual(
    met()?.cosignatures.map(({ name }) => name),
    ['fast'],
  )
  release()
  await round
  assert.deepEqual(
    met()?.cosignatures.map(({ name }) => name),
    ['fast', 'slow'],
  )
  assert.equal(client.state().size, log.shards.at(-1)?.size)
})

test('a witness that takes the request and is silent, or drips for ever, is given up in time', async (t) => {
  const drips = new Set<NodeJS.Timeout>()
  const server = createServer((request, response) => {
    if (request.url?.startsWith('/silent') === true) return
    response.writeHead(200, { 'content-type': 'text/plain' })
    drips.add(setInterval(() => response.write('x'), 20))
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  t.after(() => {
    drips.forEach((drip) => clearInterval(drip))
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const { ask, show, close } = openAsk(300)
  t.after(close)
  for (const path of ['silent', 'drip']) {
    const url = `http://127.0.0.1:${port}/${path}`
    await assert.rejects(ask(url, 'old 0\n\n'), { code: 'witness.unreachable' })
    await assert.rejects(show(url), { code: 'witness.unreachable' })
  }
})

test('`witness status` says of each half-year how far it is seen, when, by whom and whether that is the quorum', async (t) => {
  const { home, log, client, policy, release } = await scene(t, 'all')
  const status = async (
    ...args: readonly string[]
  ): Promise<{ code: number | null; said: string }> => {
    await using child = new Child([MAIN, '--home', home, 'witness', 'status', ...args])
    child.say('')
    const { code, stdout, stderr } = await child.ended
    return { code, said: stdout + stderr }
  }
  const none = await status()
  assert.equal(none.code, 1)
  assert.match(none.said, /witness\.options/)
  writeFileSync(join(home, 'witness.policy'), policy.replaceAll('http://', 'https://'))
  assert.match(
    (await status()).said,
    /audit\.test\/log\/\d{4}h\d +\d+ +0 +never +nobody +0 of 2, NOT met/,
  )
  release()
  await client.round()
  const seen = client.state().size
  await log.append(intent('b'))
  const { size } = await log.flush()
  const line = new RegExp(`audit\\.test/log/\\S+ +${size} +${seen} .* fast slow +2 of 2, met`)
  assert.match((await status()).said, line)
  const json = JSON.parse((await status('-o', 'json')).said) as { logs: { witnessed: number }[] }
  assert.equal(json.logs[0]?.witnessed, seen)
})
