// Holds the tests of the audit log as a whole, with its threads, on a real disk.

import assert from 'node:assert/strict'
import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'

import { toBase64 } from '../tlog/base64.ts'
import { noteVerifier, parseVkey } from '../tlog/note.ts'
import { verifyProof } from '../tlog/proof.ts'
import { utf8 } from '../std/bytes.ts'
import { canonicalJson, type Json } from '../std/json.ts'
import type { AuditLog } from './log.ts'
import { openAuditLog } from './open.ts'
import { intent, logOptions, logSigner, temporaryHome } from './testbed.test.ts'
import { verifyLog } from './verify.ts'

/** The folder of the shard that a log is filling. */
function current(home: string, log: AuditLog): string {
  return join(home, 'log', log.shards.at(-1)?.name ?? 'none')
}

function outcome(
  call: string,
  ref: string,
): Parameters<Awaited<ReturnType<typeof openAuditLog>>['append']>[0] {
  return { type: 'call.outcome', phase: 'outcome', call, ref, body: { status: 'ok' } }
}

test('INV-1 INV-7 what is acknowledged is in the log, findable, provable and verified', async (t) => {
  const options = logOptions(temporaryHome(t))
  const log = await openAuditLog(options)
  const receipts = await Promise.all(
    Array.from({ length: 700 }, (_, i) => log.append(intent(`call-${i}`))),
  )
  const answer = await log.append(outcome('call-3', receipts[3]?.leaf ?? ''))
  const { size, origin } = await log.flush()
  assert.equal(origin, `${options.origin}/${log.shards[0]?.name}`)
  assert.equal(size, 702)

  const found = await log.get(receipts[5]?.id ?? '')
  assert.equal(found?.record.call, 'call-5')
  assert.equal(found?.index, 6)
  assert.deepEqual(await log.get(receipts[5]?.leaf ?? ''), found)
  assert.equal(await log.get('no such thing'), undefined)

  const story = await log.byCall('call-3')
  assert.deepEqual(
    story.map(({ record }) => record.type),
    ['call.intent', 'call.outcome'],
  )
  assert.equal(story[1]?.leaf, answer.leaf)

  const page = await log.tail({ limit: 3, agent: 'coder' })
  assert.deepEqual(
    page.map(({ record }) => record.call),
    ['call-699', 'call-698', 'call-697'],
  )
  const next = await log.tail({ limit: 1, before: page[2]?.index ?? 0, system: 'files' })
  assert.equal(next[0]?.record.call, 'call-696')
  assert.equal((await log.tail({ limit: 5, type: 'gateway.start' })).length, 1)

  const vkey = readFileSync(join(options.home, 'log.vkey'), 'utf8').trim()
  const entry = utf8(canonicalJson(found?.record as unknown as Json))
  const verifiers = vkey.split('\n').map((line) => noteVerifier(parseVkey(line)))
  const proven = verifyProof(log.proof(6), entry, verifiers, origin)
  assert.equal(proven.index, 6)
  assert.throws(() => log.proof(702), { code: 'audit.not_found' })

  await log.close()
  const report = await verifyLog({ directory: join(options.home, 'log'), vkey })
  assert.deepEqual(report.findings, [])
  assert.equal(report.records, 703)
})

test('a partial tile is kept until the full one is published, and then cleared', async (t) => {
  const options = logOptions(temporaryHome(t))
  const log = await openAuditLog(options)
  const tile = (): string => join(current(options.home, log), 'tile/0')
  for (const count of [10, 20]) {
    await Promise.all(Array.from({ length: count }, () => log.append(intent('a'))))
    await log.flush()
  }
  // A reader that holds the first of the two checkpoints still finds its tile.
  assert.ok(readdirSync(join(tile(), '000.p')).length >= 2)
  await Promise.all(Array.from({ length: 300 }, () => log.append(intent('a'))))
  await log.flush()
  assert.deepEqual(readdirSync(tile()).toSorted(), ['000', '001.p'])
  await log.close()
})

test('the log of a closed gateway goes on in order, and says what was before', async (t) => {
  const options = logOptions(temporaryHome(t))
  const first = await openAuditLog(options)
  await first.append(intent('a'))
  await first.close()
  await assert.rejects(first.append(intent('b')), { code: 'audit.unavailable' })
  const second = await openAuditLog(options)
  const all = (await second.tail({ limit: 10 })).toReversed().map(({ record }) => record)
  assert.deepEqual(
    all.map(({ type, iseq }) => [type, iseq]),
    [
      ['gateway.start', 1],
      ['call.intent', 2],
      ['gateway.stop', 3],
      ['call.outcome', 1],
      ['gateway.start', 2],
    ],
  )
  assert.deepEqual({ ...all[3]?.body }, { status: 'unknown', cause: 'crash' })
  assert.equal(
    JSON.stringify(all[4]?.body['previous']),
    JSON.stringify({ boot: first.boot, iseq: 3 }),
  )
  await second.close()
})

test('an answered intent is not answered again', async (t) => {
  const options = logOptions(temporaryHome(t))
  const first = await openAuditLog(options)
  const { leaf } = await first.append(intent('a'))
  await first.append(outcome('a', leaf))
  await first.close()
  const second = await openAuditLog(options)
  assert.equal((await second.byCall('a')).length, 2)
  await second.close()
})

test('nobody else can read what a log writes', async (t) => {
  const options = logOptions(temporaryHome(t))
  const log = await openAuditLog(options)
  await log.flush()
  const names = readdirSync(options.home, { recursive: true, encoding: 'utf8' })
  assert.ok(
    names.includes('log-state.sqlite-wal') &&
      existsSync(join(current(options.home, log), 'checkpoint')),
  )
  for (const name of names) {
    assert.equal(statSync(join(options.home, name)).mode & 0o077, 0, name)
  }
  await log.close()
})

test('many segments are taken up and removed', async (t) => {
  const options = logOptions(temporaryHome(t))
  const log = await openAuditLog(options)
  const body = { fill: 'x'.repeat(2000) }
  for (let i = 0; i < 30; i++) {
    await Promise.all(Array.from({ length: 100 }, () => log.append(intent('a', body))))
    if (i % 5 === 4) await log.flush()
  }
  await log.flush()
  const segments = (): string[] =>
    readdirSync(join(options.home, 'spool')).filter((name) => name.endsWith('.seg'))
  // Removing follows the publishing; both are waited for, and never come where they are forgotten.
  while (log.stats().backlogSegments > 0) await pause(5)
  while (segments().length > 1) await pause(5)
  assert.ok(Number.parseInt(segments()[0] ?? '') > 5)
  await log.close()
})

test('without a flush, a checkpoint is published all the same', async (t) => {
  const log = await openAuditLog(logOptions(temporaryHome(t)))
  await log.append(intent('a'))
  while (log.stats().published < 2) await pause(5)
  await log.close()
})

test('subscribers see every record once it is durable', async (t) => {
  const log = await openAuditLog(logOptions(temporaryHome(t)))
  const seen: string[] = []
  const end = log.subscribe((records) => seen.push(...records.map(({ leaf }) => leaf)))
  const receipts = await Promise.all(Array.from({ length: 50 }, () => log.append(intent('a'))))
  await pause(0)
  await log.flush()
  assert.deepEqual(
    seen,
    receipts.map(({ leaf }) => leaf),
  )
  end()
  await log.close()
})

test('INV-1 a removed spool file fails the append and everything after it', async (t) => {
  const options = logOptions(temporaryHome(t))
  const log = await openAuditLog(options)
  rmSync(join(options.home, 'spool/0000000001.seg'))
  await assert.rejects(log.append(intent('a')), { code: 'audit.unavailable', message: /removed/ })
  await assert.rejects(log.append(intent('b')), { code: 'audit.unavailable', message: /removed/ })
  assert.match(log.stats().failure ?? '', /removed/)
  await assert.rejects(log.close(), { code: 'audit.unavailable' })
})

test('a sequencer that fails is started again where it stood, and appending goes on meanwhile', async (t) => {
  const options = logOptions(temporaryHome(t))
  const log = await openAuditLog(options)
  await log.flush()
  const tile = join(current(options.home, log), 'tile')
  renameSync(tile, `${tile}-away`)
  writeFileSync(tile, 'in the way')
  await log.append(intent('a'))
  while (log.stats().sequencerProblem === undefined) await pause(5)
  await log.append(intent('b'))
  rmSync(tile)
  renameSync(`${tile}-away`, tile)
  while (log.stats().size < 3) await pause(20)
  assert.equal(log.stats().sequencerProblem, undefined)
  await log.close()
  const vkey = readFileSync(join(options.home, 'log.vkey'), 'utf8')
  assert.equal((await verifyLog({ directory: join(options.home, 'log'), vkey })).ok, true)
})

test('another key, another origin and a rolled back database are refused', async (t) => {
  const options = logOptions(temporaryHome(t))
  const { home } = options
  await (await openAuditLog(options)).close()
  await assert.rejects(openAuditLog({ ...options, signer: logSigner() }), { code: 'audit.key' })
  await assert.rejects(openAuditLog({ ...options, origin: 'other.test/log' }), {
    code: 'audit.key',
  })
  cpSync(join(home, 'log-state.sqlite'), join(home, 'old'))
  const log = await openAuditLog(options)
  await log.append(intent('a'))
  await log.close()
  for (const suffix of ['-wal', '-shm'])
    rmSync(join(home, `log-state.sqlite${suffix}`), { force: true })
  cpSync(join(home, 'old'), join(home, 'log-state.sqlite'))
  await assert.rejects(openAuditLog(options), { code: 'audit.rolled_back' })
  assert.ok(existsSync(join(current(home, log), 'checkpoint')))
})

test('a second process on the same home takes the log over, and the first fails closed', async (t) => {
  const options = logOptions(temporaryHome(t))
  const first = await openAuditLog(options)
  await first.append(intent('a'))
  const second = await openAuditLog(options)
  const append = async (): Promise<void> => {
    for (;;) {
      await first.append(intent('b'))
      await pause(5)
    }
  }
  await assert.rejects(append(), { code: 'audit.unavailable' })
  await assert.rejects(first.close())
  await second.close()
})

test('limits out of bounds are refused', async (t) => {
  const options = logOptions(temporaryHome(t))
  for (const limits of [{ segmentBytes: 1000 }, { waitMs: 0 }, { checkpointMs: 1001 }]) {
    await assert.rejects(openAuditLog({ ...options, limits }), { code: 'audit.options' })
  }
})

test('the published checkpoint is the one that flush gives', async (t) => {
  const log = await openAuditLog(logOptions(temporaryHome(t)))
  const { size, root } = await log.flush()
  assert.ok(
    log
      .checkpoint()
      .startsWith(`audit.test/log/${log.shards[0]?.name}\n${size}\n${toBase64(root)}\n\n`),
  )
  await log.close()
})

test('a heartbeat says how far this gateway has come', async (t) => {
  const options = logOptions(temporaryHome(t))
  const limits = { ...options.limits, heartbeatMs: 100 }
  const log = await openAuditLog({ ...options, limits })
  const look = () => log.tail({ limit: 1000, type: 'heartbeat' })
  let beats = await look()
  for (; beats.length === 0; beats = await look()) await pause(10)
  // On a busy machine there may be more than one by now: the oldest is the first.
  assert.equal(beats.at(-1)?.record.body['iseq'], 1)
  await log.close()
})
