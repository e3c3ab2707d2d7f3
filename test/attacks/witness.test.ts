// Holds the attacks around witnesses: witnesses that lie to a log, and logs, requests and deaths that a real `bailiwick witness` has to withstand.

import assert from 'node:assert/strict'
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'

import { LogFolder } from '../../src/audit/log-folder.ts'
import { openLogKey } from '../../src/audit/log-key.ts'
import { logSigner, temporaryHome } from '../../src/audit/testbed.test.ts'
import { openAsk } from '../../src/audit/witness/ask.ts'
import type { Evidence } from '../../src/audit/witness/evidence.ts'
import { formatAddCheckpoint } from '../../src/audit/witness/protocol.ts'
import { WitnessClient } from '../../src/audit/witness/witness-client.ts'
import { openWitnessKey } from '../../src/audit/witness/witness-key.ts'
import { hex, sha256, utf8 } from '../../src/std/bytes.ts'
import { systemClock, type Clock } from '../../src/std/clock.ts'
import { formatCheckpoint, parseCheckpoint } from '../../src/tlog/checkpoint.ts'
import { noteVerifier, openNote, parseVkey, readNote, signNote } from '../../src/tlog/note.ts'
import { evaluatePolicy, parseWitnessPolicy } from '../../src/tlog/policy.ts'
import { consistencyProof } from '../../src/tlog/tree.ts'
import { Child, MAIN } from '../e2e/child.ts'
import { until } from '../e2e/until.ts'
import { FakeClock } from '../fakes/clock.ts'
import { FakeTimer } from '../fakes/identity.ts'
import { ORIGIN, sealedEntries, SHARD, writeLog, type WrittenLog } from '../fakes/written-log.ts'

const NAME = 'witness.test/w1'
const PATH = `/${hex(sha256(utf8(`${ORIGIN}/${SHARD}`)))}/checkpoint`

/** What a witness that lies answers; it has a real key, so that it can also sign. */
type Lie = (request: IncomingMessage, response: ServerResponse, body: string) => void

async function liar(t: TestContext, lie: Lie) {
  const key = openWitnessKey(join(temporaryHome(t), 'liar'), NAME, systemClock)
  let asked = 0
  const server = createServer((request, response) => {
    asked += 1
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => lie(request, response, Buffer.concat(parts).toString('utf8')))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { ...key, url, asked: () => asked }
}

/** The asking side over a written log, with one witness in its policy. */
function client(
  t: TestContext,
  log: WrittenLog,
  { url, vkey }: { url: string; vkey: string },
  { clock = systemClock, lagMs = 0 }: { clock?: Clock; lagMs?: number } = {},
) {
  const { ask, show, close } = openAsk()
  const forked: Evidence[] = []
  const it = new WitnessClient({
    directory: log.log,
    policy: parseWitnessPolicy(`witness w1 ${vkey} ${url}\nquorum w1\n`),
    everyMs: 1_000,
    clock,
    lagMs,
    timer: new FakeTimer(),
    ask,
    show,
    vkeys: () => readFileSync(log.vkey, 'utf8'),
    shard: () => SHARD,
    onForked: (_, evidence) => forked.push(evidence),
  })
  t.after(async () => {
    await it.close()
    await close()
  })
  return { it, forked, witness: () => it.state().witnesses[0] }
}

/** A real witness: `bailiwick witness run` in a process of its own. */
async function realWitness(t: TestContext, logs: string, directory = join(temporaryHome(t), 'w')) {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const file = join(directory, '..', 'logs.vkey')
  writeFileSync(file, logs)
  const args = ['witness', 'run', '--dir', directory, '--name', NAME, '--logs', file]
  const child = new Child([MAIN, '-o', 'json', ...args, '--listen', '127.0.0.1:0'])
  t.after(() => child[Symbol.asyncDispose]())
  await until('the witness to listen', () => child.gone || child.stdout.includes('}'))
  const { url, vkey } = JSON.parse(child.stdout) as { url: string; vkey: string }
  const add = async (body: string): Promise<{ status: number; text: string }> => {
    const answer = await fetch(`${url}/add-checkpoint`, { method: 'POST', body })
    return { status: answer.status, text: await answer.text() }
  }
  return { child, url, vkey, directory, add }
}

const folder = (log: WrittenLog) => new LogFolder(log.log).shard(SHARD)

/** What the log would send to grow from `old` to what it is. */
function request(log: WrittenLog, old: number, checkpoint = log.checkpoint()): string {
  const { size } = parseCheckpoint(readNote(checkpoint).body)
  const proof = consistencyProof(old, size, folder(log).readHashes)
  return formatAddCheckpoint({ old, proof, checkpoint })
}

test('INV-7 a witness that lies stops nothing, vouches for nothing and proves no fork', async (t) => {
  const log = writeLog(temporaryHome(t), sealedEntries(20))
  const other = writeLog(temporaryHome(t), sealedEntries(20))
  const text = { 'content-type': 'text/plain' }
  const size = { 'content-type': 'text/x.tlog.size' }
  const stranger = openWitnessKey(join(temporaryHome(t), 's'), NAME, systemClock)
  const sign = (note: string, { signer } = stranger): string => {
    const { body } = readNote(note)
    return signNote(body, [signer]).slice(body.length + 1)
  }
  const lies: Record<string, Lie> = {
    'no answer that makes sense': (_, r) => r.writeHead(200, text).end('yes\n'),
    'nothing at all': (_, r) => r.writeHead(200, text).end(),
    'another key under its name': (_, r) => r.writeHead(200, text).end(sign(log.checkpoint())),
    'a size beyond everything': (_, r) => r.writeHead(409, size).end('9007199254740991\n'),
    'a size of 2^63': (_, r) => r.writeHead(409, size).end('9223372036854775808\n'),
    'a negative size': (_, r) => r.writeHead(409, size).end('-1\n'),
    'its own size for ever': (_, r) => r.writeHead(409, size).end('20\n'),
    'another root': (_, r) => r.writeHead(409, size).end('20\n'),
    'no growth': (_, r) => r.writeHead(422, text).end('no\n'),
    'a redirect': (q, r) => r.writeHead(307, { location: q.url ?? '/' }).end(),
    'a redirect to the metadata of a cloud': (_, r) =>
      r.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data' }).end(),
    'a huge body': (_, r) => r.writeHead(200, text).end('\u2014'.repeat(1_000_000)),
    'another log, signed by that': (q, r) =>
      q.method === 'GET'
        ? r.writeHead(200, text).end(other.checkpoint())
        : r.writeHead(409, size).end('21\n'),
    'this log as it was, signed truly': (q, r) =>
      q.method === 'GET'
        ? r.writeHead(200, text).end(log.checkpoint())
        : r.writeHead(409, size).end('21\n'),
    'a hang-up': (q) => q.socket.destroy(),
  }
  for (const [name, lie] of Object.entries(lies)) {
    const w = await liar(t, lie)
    const { it, forked, witness } = client(t, log, w)
    await it.round()
    assert.notEqual(witness()?.problem, undefined, name)
    assert.deepEqual([forked, it.state().forked], [[], undefined], name)
    assert.equal(folder(log).witnessed(), undefined, name)
    assert.ok(w.asked() <= 4, `${name}: asked ${w.asked()} times`)
  }
})

test('INV-7 a witness that only says that it knows more is named as saying so, and one that was wrong finds back', async (t) => {
  const log = writeLog(temporaryHome(t), sealedEntries(20))
  let honest = false
  const w = await liar(t, (q, r, body) => {
    if (honest && q.method === 'POST') {
      const note = body.slice(body.indexOf('\n\n') + 2)
      const own = readNote(note).body
      r.writeHead(200).end(signNote(own, [w.signer]).slice(own.length + 1))
    } else
      r.writeHead(q.method === 'GET' ? 404 : 409, { 'content-type': 'text/x.tlog.size' }).end(
        '99\n',
      )
  })
  const { it, forked, witness } = client(t, log, w)
  await it.round()
  assert.match(witness()?.claim ?? '', /has cosigned size 99, and the log has 20, but shows no/)
  honest = true
  await it.round()
  assert.deepEqual(
    [witness()?.claim, witness()?.size, it.state().result?.met],
    [undefined, 20, true],
  )
  assert.deepEqual(forked, [])
})

test('INV-7 what a witness has seen more of is evidence at once where this home has the log, and where it follows one only after a while', async (t) => {
  const entries = sealedEntries(30)
  const signer = logSigner()
  const ahead = writeLog(temporaryHome(t), entries, { signer })
  const log = writeLog(temporaryHome(t), entries.slice(0, 20), { signer })
  const size = { 'content-type': 'text/x.tlog.size' }
  const w = await liar(t, (q, r) =>
    q.method === 'GET'
      ? r.writeHead(200).end(ahead.checkpoint())
      : r.writeHead(409, size).end('30\n'),
  )
  const own = client(t, log, w)
  await own.it.round()
  assert.equal(own.forked.length, 1)

  const clock = new FakeClock()
  const follower = client(t, log, w, { clock, lagMs: 600_000 })
  for (let waited = 0; waited < 600_000; waited += 200_000) {
    await follower.it.round()
    assert.match(follower.witness()?.claim ?? '', /size 30/)
    assert.deepEqual([follower.forked, follower.it.state().forked], [[], undefined])
    clock.advance(200_000)
  }
  await follower.it.round()
  assert.equal(follower.forked.length, 1, 'it never came: the log was cut back')

  // Another root at a size that this home has reached is evidence without waiting.
  const other = writeLog(temporaryHome(t), sealedEntries(15), { signer })
  const forker = await liar(t, (q, r) =>
    q.method === 'GET' ? r.writeHead(200).end(other.checkpoint()) : r.writeHead(422).end('no\n'),
  )
  const second = client(t, log, forker, { clock, lagMs: 600_000 })
  await second.it.round()
  assert.equal(second.forked.length, 1)
})

test('INV-7 a cosignature of yesterday’s checkpoint, or of another origin, does not count for today’s', async (t) => {
  const log = writeLog(temporaryHome(t), sealedEntries(20))
  const before = readNote(log.checkpoint()).body
  log.append(sealedEntries(5))
  const bodies = [before, readNote(log.checkpoint()).body.replace(ORIGIN, 'other.test/log')]
  for (const body of bodies) {
    const w = await liar(t, (_, r) =>
      r.writeHead(200).end(signNote(body, [w.signer]).slice(body.length + 1)),
    )
    const { it, witness } = client(t, log, w)
    await it.round()
    assert.match(witness()?.problem ?? '', /without a cosignature of its key/)
    assert.equal(folder(log).witnessed(), undefined)
  }
})

test('a log that rests keeps one cosignature of each witness, however often it is asked', async (t) => {
  const log = writeLog(temporaryHome(t), sealedEntries(3))
  let time = 1_800_000_000_000
  const clock = { ...systemClock, now: () => (time += 1_000) }
  const key = openWitnessKey(join(temporaryHome(t), 'w'), NAME, clock)
  const w = await liar(t, (_, r, body) => {
    const own = readNote(body.slice(body.indexOf('\n\n') + 2)).body
    r.writeHead(200).end(signNote(own, [key.signer]).slice(own.length + 1))
  })
  const { it } = client(t, log, { url: w.url, vkey: key.vkey })
  for (let i = 0; i < 5; i++) await it.round()
  assert.equal(readNote(folder(log).witnessed() ?? '').signatures.length, 2)
  assert.equal(it.state().result?.met, true)
})

test('INV-7 an administrator who forks, rolls back or restores the log is shown by a real witness, with evidence that needs no trust', async (t) => {
  const home = temporaryHome(t)
  const signer = logSigner()
  const entries = sealedEntries(40)
  const log = writeLog(home, entries.slice(0, 10), { signer })
  const w = await realWitness(t, readFileSync(log.vkey, 'utf8'))
  const backup = temporaryHome(t)
  cpSync(home, backup, { recursive: true })
  log.append(entries.slice(10, 20))
  const honest = client(t, log, w)
  await honest.it.round()
  assert.equal(honest.it.state().result?.met, true)

  const ways: Record<string, (to: string) => WrittenLog> = {
    'an old backup': (to) => {
      cpSync(backup, to, { recursive: true })
      return { ...log, home: to, log: join(to, 'log'), vkey: join(to, 'log.vkey') }
    },
    'one record left out': (to) => writeLog(to, entries.slice(0, 20).toSpliced(15, 1), { signer }),
    'two records exchanged': (to) =>
      writeLog(to, [...entries.slice(0, 18), entries[19]!, entries[18]!], { signer }),
    'another history that is longer': (to) => writeLog(to, entries.toSpliced(3, 1), { signer }),
  }
  for (const [name, way] of Object.entries(ways)) {
    const to = temporaryHome(t)
    const changed = way(to)
    const { it, forked } = client(t, changed, w)
    await it.round()
    await it.round()
    assert.equal(forked.length, 1, name)
    assert.match(it.state().forked ?? '', /^w1: this log signed /, name)
    assert.notEqual(it.state().result?.met, true, name)
    // Whoever has the key of the log, and nothing else, can check what was shown.
    const own = parseVkey(readFileSync(log.vkey, 'utf8').split('\n')[1] ?? '')
    const { body, unknown } = openNote(forked[0]?.note ?? '', [noteVerifier(own)])
    assert.deepEqual([parseCheckpoint(body).size, unknown.length], [20, 0], name)
  }
})

test('INV-7 a real witness never signs two heads, when they come at once and when it is killed in between', async (t) => {
  const signer = logSigner()
  const entries = sealedEntries(60)
  const one = writeLog(temporaryHome(t), entries.slice(0, 10), { signer })
  const sealed = new Map([[one, entries.slice(0, 10)]])
  const vkeys = readFileSync(one.vkey, 'utf8')
  let w = await realWitness(t, vkeys)
  assert.equal((await w.add(request(one, 0))).status, 200)
  let last = one
  for (const killed of [false, true]) {
    const old = parseCheckpoint(readNote(last.checkpoint()).body).size
    const more = entries.slice(old, old + 10)
    // Two histories that begin alike: the rest stands in another order.
    const whole = sealed.get(last) ?? []
    const heads = [more, more.toReversed()].map((tail) => {
      const log = writeLog(temporaryHome(t), [...whole, ...tail], { signer })
      sealed.set(log, [...whole, ...tail])
      return log
    })
    const file = join(w.directory, PATH.slice(1, 65))
    const before = readFileSync(file, 'utf8')
    const flood = Promise.allSettled(
      Array.from({ length: 16 }, (_, i) => w.add(request(heads[i % 2]!, old))),
    )
    if (killed) {
      await until('it to have decided', () => readFileSync(file, 'utf8') !== before)
      w.child.kill('SIGKILL')
      await w.child.ended
    }
    const signed = (await flood).flatMap((answer, i) =>
      answer.status === 'fulfilled' && answer.value.status === 200 ? [i % 2] : [],
    )
    assert.ok(new Set(signed).size <= 1, 'both were cosigned')
    if (killed) w = await realWitness(t, vkeys, w.directory)
    // What it keeps is what it signed, and an answer that was lost can be asked for again.
    const kept = parseCheckpoint(readNote(await (await fetch(w.url + PATH)).text()).body)
    const at = heads.findIndex((log) =>
      Buffer.from(parseCheckpoint(readNote(log.checkpoint()).body).root).equals(kept.root),
    )
    assert.deepEqual([kept.size, at >= 0], [old + 10, true])
    if (signed.length > 0) assert.equal(at, signed[0])
    last = heads[at]!
    assert.equal((await w.add(request(last, old + 10))).status, 200)
    assert.equal((await w.add(request(heads[1 - at]!, old + 10))).status, 409)
  }
})

test('a real witness refuses what is no request, bounded, and goes on', async (t) => {
  const signer = logSigner()
  const home = temporaryHome(t)
  const log = writeLog(home, sealedEntries(5), { signer })
  const w = await realWitness(t, readFileSync(log.vkey, 'utf8'))
  const key = openLogKey(home, ORIGIN, signer).shard(SHARD)
  const root = new Uint8Array(32)
  const signed = (size: string): string =>
    signNote(`${ORIGIN}/${SHARD}\n${size}\n${Buffer.from(root).toString('base64')}\n`, [key])
  const hash = `${Buffer.alloc(32).toString('base64')}\n`
  const cases: readonly (readonly [string, string, number])[] = [
    ['64 hashes', `old 0\n${hash.repeat(64)}\n${log.checkpoint()}`, 400],
    ['hashes where the old size is zero', `old 0\n${hash}\n${log.checkpoint()}`, 422],
    ['a size of 2^63', `old 0\n\n${signed('9223372036854775808')}`, 400],
    ['an old size of 2^63', `old 9223372036854775808\n\n${log.checkpoint()}`, 400],
    ['an old size with a leading zero', `old 00\n\n${log.checkpoint()}`, 400],
    ['carriage returns', request(log, 0).replaceAll('\n', '\r\n'), 400],
    ['an unknown origin', `old 0\n\n${log.checkpoint().replaceAll(ORIGIN, 'x.test/log')}`, 404],
    [
      'an origin with a path in it',
      `old 0\n\n${log.checkpoint().replaceAll(ORIGIN, '../../x')}`,
      404,
    ],
    [
      'no signature of the log',
      `old 0\n\n${readNote(log.checkpoint()).body}\n\u2014 x AAAAAAA=\n`,
      403,
    ],
    ['a megabyte', 'old 0\n'.repeat(200_000), 400],
  ]
  for (const [name, body, status] of cases) {
    // A server that hangs up on what is too much has refused it as well.
    const answer = await w.add(body).catch(() => ({ status: 400 }))
    assert.equal(answer.status, status, name)
  }
  const flood = await Promise.allSettled(
    Array.from({ length: 400 }, () => w.add(`old 7\n\n${log.checkpoint()}`)),
  )
  assert.ok(flood.every((one) => one.status === 'rejected' || one.value.status === 400))
  assert.equal((await w.add(request(log, 0))).status, 200)
  assert.deepEqual(readdirSync(w.directory).filter((name) => name.length === 64).length, 1)
})

test('a witness whose file was edited, cut or exchanged signs nothing for that log', async (t) => {
  const log = writeLog(temporaryHome(t), sealedEntries(5))
  const w = await realWitness(t, readFileSync(log.vkey, 'utf8'))
  assert.equal((await w.add(request(log, 0))).status, 200)
  const file = join(w.directory, PATH.slice(1, 65))
  const kept = readFileSync(file, 'utf8')
  const { root } = parseCheckpoint(readNote(kept).body)
  const rolled = formatCheckpoint({ origin: `${ORIGIN}/${SHARD}`, size: 4, root })
  log.append(sealedEntries(5))
  for (const text of [
    '',
    kept.slice(0, 40),
    kept.replace('\n5\n', '\n4\n'),
    `${rolled}\n`,
    log.checkpoint(),
  ]) {
    writeFileSync(file, text)
    assert.equal((await w.add(request(log, 5))).status, 500, text.slice(0, 60))
  }
  writeFileSync(file, kept)
  const { status, text } = await w.add(request(log, 5))
  assert.equal(status, 200)
  const policy = parseWitnessPolicy(`witness w ${w.vkey}\nquorum w\n`)
  assert.equal(evaluatePolicy(policy, log.checkpoint() + text).met, true)
})
