// Holds the tests of witnessing, in both roles and over real HTTP, named for the sections of C2SP tlog-witness.

import assert from 'node:assert/strict'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'

import { FakeTimer } from '../../../test/fakes/identity.ts'
import { hex, sha256, utf8 } from '../../std/bytes.ts'
import { systemClock } from '../../std/clock.ts'
import { formatCheckpoint } from '../../tlog/checkpoint.ts'
import { EMPTY_ROOT } from '../../tlog/hash.ts'
import { noteVerifier, openNote, parseVkey, readNote, signNote } from '../../tlog/note.ts'
import { evaluatePolicy, parseWitnessPolicy } from '../../tlog/policy.ts'
import { consistencyProof } from '../../tlog/tree.ts'
import { openLogKey } from '../log-key.ts'
import { LogFolder } from '../log-folder.ts'
import type { AuditLog } from '../log.ts'
import { openAuditLog } from '../open.ts'
import { intent, logOptions, logSigner, temporaryHome } from '../testbed.test.ts'
import { openAsk } from './ask.ts'
import { formatAddCheckpoint } from './protocol.ts'
import { WitnessClient } from './witness-client.ts'
import { openWitnessKey } from './witness-key.ts'
import { witnessServer } from './witness-server.ts'
import { Witness } from './witness.ts'

/** A log that grows, and what it would send. */
async function logOf(t: TestContext, signer = logSigner()) {
  // Hooks run in their order: the log closes before its home goes.
  const home = mkdtempSync(join(tmpdir(), 'bailiwick-witness-'))
  const options = logOptions(home, signer)
  const log = await openAuditLog(options)
  let open = true
  const close = async (): Promise<void> => {
    if (open) await log.close()
    open = false
  }
  t.after(async () => {
    await close()
    rmSync(home, { recursive: true, force: true })
  })
  const grow = async (count: number): Promise<number> => {
    await Promise.all(Array.from({ length: count }, () => log.append(intent('a'))))
    return (await log.flush()).size
  }
  const shard = (): string => log.shards.at(-1)?.name ?? ''
  const files = () => new LogFolder(join(options.home, 'log')).shard(shard())
  const request = (old: number, size: number, note = log.checkpoint()): string =>
    formatAddCheckpoint({
      old,
      proof: consistencyProof(old, size, files().readHashes),
      checkpoint: note,
    })
  const vkeys = readFileSync(join(options.home, 'log.vkey'), 'utf8')
  return { options, log, grow, request, vkeys, shard, files, close }
}

/** A witness over HTTP that knows these logs. */
async function witnessOf(t: TestContext, logs: string, directory = join(temporaryHome(t), 'w')) {
  const { signer, vkey } = openWitnessKey(directory, 'witness.test/w1', systemClock)
  const server = witnessServer(new Witness({ directory, logs, signer, vkey }), (error) =>
    assert.fail(String(error)),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const stop = (): void => {
    server.closeAllConnections()
    server.close()
  }
  t.after(stop)
  const add = (body: string) => fetch(`${url}/add-checkpoint`, { method: 'POST', body })
  return { url, vkey, directory, add, stop }
}

test('tlog-witness §add-checkpoint: a log that proves its growth is cosigned, from nothing and from what was before', async (t) => {
  const { grow, request, vkeys, log } = await logOf(t)
  const { add, vkey, url } = await witnessOf(t, vkeys)
  let old = 0
  for (const count of [1, 5, 300]) {
    const size = await grow(count)
    const answer = await add(request(old, size))
    assert.equal(answer.status, 200)
    const line = await answer.text()
    const policy = parseWitnessPolicy(`witness w ${vkey}\nquorum w\n`)
    assert.equal(evaluatePolicy(policy, log.checkpoint() + line).met, true)
    old = size
  }
  // The same once more is cosigned once more: a log may have lost the answer.
  assert.equal((await add(request(old, old))).status, 200)
  const origin = readNote(log.checkpoint()).body.split('\n', 1)[0] ?? ''
  const monitored = await fetch(`${url}/${hex(sha256(utf8(origin)))}/checkpoint`)
  assert.equal(monitored.status, 200)
  assert.equal(readNote(await monitored.text()).signatures.length, 2)
})

test('tlog-witness §add-checkpoint: 409 with the size that it has, as text/x.tlog.size', async (t) => {
  const { grow, request, vkeys } = await logOf(t)
  const { add } = await witnessOf(t, vkeys)
  const first = await grow(3)
  await add(request(0, first))
  const second = await grow(3)
  for (const old of [0, first - 1]) {
    const answer = await add(request(old, second))
    assert.deepEqual(
      [answer.status, answer.headers.get('content-type'), await answer.text()],
      [409, 'text/x.tlog.size', `${first}\n`],
    )
  }
})

test('tlog-witness §add-checkpoint: 404, 403, 400 and 422 for what each is for', async (t) => {
  const { grow, request, vkeys, log, shard, options } = await logOf(t)
  const stranger = await logOf(t)
  const { add, url } = await witnessOf(t, vkeys)
  const size = await grow(4)
  const theirs = await stranger.grow(4)
  // Same origin, another key: the log is known, the signature is not its.
  assert.equal((await add(stranger.request(0, theirs))).status, 403)
  const other = log.checkpoint().replaceAll('audit.test', 'other.test')
  assert.equal((await add(request(0, size, other))).status, 404)
  const key = openLogKey(options.home, options.origin, options.signer)
  const small = formatCheckpoint({ origin: `audit.test/log/${shard()}`, size: 0, root: EMPTY_ROOT })
  const empty = signNote(small, [key.shard(shard())])
  const beyond = formatAddCheckpoint({ old: 5, proof: [], checkpoint: empty })
  assert.equal((await add(beyond)).status, 400)
  assert.equal((await add(request(0, size))).status, 200)
  const grown = await grow(4)
  const wrong = formatAddCheckpoint({
    old: size,
    proof: [new Uint8Array(32)],
    checkpoint: log.checkpoint(),
  })
  assert.equal((await add(wrong)).status, 422)
  for (const body of [
    '',
    'old 1',
    'old -1\n\nx',
    `old 0\n${'x\n'.repeat(3)}\n`,
    `old 0\n${`${'A'.repeat(43)}=\n`.repeat(64)}\nx`,
  ]) {
    assert.equal((await add(body)).status, 400, body.slice(0, 20))
  }
  assert.equal((await add('x'.repeat(100_000))).status, 400)
  assert.equal((await fetch(`${url}/add-checkpoint`)).status, 405)
  assert.equal((await fetch(`${url}/${'0'.repeat(64)}/checkpoint`)).status, 404)
  assert.equal((await add(request(size, grown))).status, 200)
})

test('tlog-witness §add-checkpoint: what was cosigned is kept before it is said, and holds after a restart', async (t) => {
  const { grow, request, vkeys } = await logOf(t)
  const first = await witnessOf(t, vkeys)
  const size = await grow(3)
  assert.equal((await first.add(request(0, size))).status, 200)
  first.stop()
  const second = await witnessOf(t, vkeys, first.directory)
  assert.equal(second.vkey, first.vkey)
  const grown = await grow(1)
  assert.equal((await second.add(request(0, grown))).status, 409)
  for (const name of readdirSync(first.directory)) {
    assert.equal(statSync(join(first.directory, name)).mode & 0o077, 0, name)
  }
})

test('INV-7 two histories are never both cosigned: another root at the same size, or a shorter log', async (t) => {
  const signer = logSigner()
  const one = await logOf(t, signer)
  const two = await logOf(t, signer)
  const { add } = await witnessOf(t, one.vkeys)
  const size = await one.grow(4)
  assert.equal(await two.grow(4), size)
  assert.equal((await add(one.request(0, size))).status, 200)
  assert.equal((await add(two.request(size, size))).status, 409)
  const longer = await two.grow(3)
  assert.equal((await add(two.request(size, longer))).status, 422)
  // Both at once: one turn each, and the second meets what the first has kept.
  const more = await one.grow(1)
  const all = await Promise.all(Array.from({ length: 8 }, () => add(one.request(size, more))))
  assert.deepEqual(
    all.map(({ status }) => status).toSorted((a, b) => a - b),
    [200, 409, 409, 409, 409, 409, 409, 409],
  )
})

function clientOf(t: TestContext, of: { home: string; log: AuditLog; policy: string }) {
  const { ask, show, close } = openAsk()
  const forked: string[] = []
  const timer = new FakeTimer()
  const client = new WitnessClient({
    directory: join(of.home, 'log'),
    policy: parseWitnessPolicy(of.policy),
    everyMs: 1_000,
    clock: systemClock,
    lagMs: 0,
    timer,
    ask,
    show,
    vkeys: () => readFileSync(join(of.home, 'log.vkey'), 'utf8'),
    shard: () => of.log.shards.at(-1)?.name,
    onForked: (_witness, { note }) => forked.push(note),
  })
  t.after(async () => {
    await client.close()
    await close()
  })
  return { client, forked, timer }
}

test('a log asks its witnesses, keeps what they say with the checkpoint, and knows how far it is seen', async (t) => {
  const { grow, vkeys, log, options, files } = await logOf(t)
  const w = await witnessOf(t, vkeys)
  const policy = `witness w1 ${w.vkey} ${w.url}\nquorum w1\n`
  const { client, forked } = clientOf(t, { home: options.home, log, policy })
  const size = await grow(10)
  await client.round()
  const state = client.state()
  assert.deepEqual([state.size, state.result?.met, state.witnesses[0]?.size], [size, true, size])
  // The log's own signature and the witness's, over one body.
  const lines =
    options.home && readFileSync(join(options.home, 'log.vkey'), 'utf8').trim().split('\n')
  const own = String(lines)
    .split(',')
    .map((line) => noteVerifier(parseVkey(line)))
  assert.equal(openNote(files().witnessed() ?? '', own).unknown.length, 1)
  // A proof brings the cosignature along.
  const proof = log.proof(0)
  assert.equal(readNote(proof.slice(proof.indexOf('\n\n') + 2)).signatures.length, 2)
  await client.round()
  assert.equal(readNote(files().witnessed() ?? '').signatures.length, 2)
  // It loses what it knew of the witness, and learns it from the conflict.
  const again = clientOf(t, { home: options.home, log, policy })
  const grown = await grow(5)
  await again.client.round()
  assert.equal(again.client.state().size, grown)
  w.stop()
  await grow(1)
  await client.round()
  assert.match(client.state().witnesses[0]?.problem ?? '', /does not answer/)
  assert.equal(client.state().size, grown)
  assert.deepEqual(forked, [])
})

test('INV-7 a home that was put back is told of by its witness, although everything in it verifies', async (t) => {
  const first = await logOf(t)
  const w = await witnessOf(t, first.vkeys)
  const policy = `witness w1 ${w.vkey} ${w.url}\nquorum w1\n`
  await first.grow(5)
  await first.close()
  const { options } = first
  const backup = join(temporaryHome(t), 'copy')
  cpSync(options.home, backup, { recursive: true })

  const log = await openAuditLog(options)
  await log.append(intent('the one to be hidden'))
  await log.flush()
  const honest = clientOf(t, { home: options.home, log, policy })
  await honest.client.round()
  assert.equal(honest.client.state().result?.met, true)
  await log.close()

  rmSync(options.home, { recursive: true })
  mkdirSync(options.home)
  cpSync(backup, options.home, { recursive: true })
  const restored = await openAuditLog(options)
  const { client, forked } = clientOf(t, { home: options.home, log: restored, policy })
  await restored.flush()
  await client.round()
  assert.equal(forked.length, 1)
  assert.notEqual(client.state().forked, undefined)
  await Promise.all(Array.from({ length: 20 }, () => restored.append(intent('over it'))))
  await restored.flush()
  await client.round()
  assert.notEqual(client.state().forked, undefined)
  assert.equal(forked.length, 1)
  await restored.close()
})
