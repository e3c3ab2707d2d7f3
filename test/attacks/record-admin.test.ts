// Holds the attacks of an administrator who has the database, the disk and in the end the log's key, and who wants to hide one action.
// Each names the check that finds it. What nothing finds yet, an edit of the spool before it is sequenced, is said in docs/concepts/record.md.

import assert from 'node:assert/strict'
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test, type TestContext } from 'node:test'
import { hex, sha256, utf8 } from '../../src/std/bytes.ts'
import { publicFault } from '../../src/std/fault.ts'
import { systemClock } from '../../src/std/clock.ts'
import type { Signer } from '../../src/keys/ring.ts'
import { Envelope, readRecord } from '../../src/audit/envelope.ts'
import { LogFollower } from '../../src/audit/log-follow.ts'
import type { AuditLog } from '../../src/audit/log.ts'
import { openAuditLog } from '../../src/audit/open.ts'
import { intent, logOptions, logSigner, temporaryHome } from '../../src/audit/testbed.test.ts'
import { shardVerifier } from '../../src/audit/log-key.ts'
import { LogFolder } from '../../src/audit/log-folder.ts'
import { evidenceIn } from '../../src/audit/witness/evidence.ts'
import { openWitnessKey } from '../../src/audit/witness/witness-key.ts'
import { Witness } from '../../src/audit/witness/witness.ts'
import { parseCheckpoint } from '../../src/tlog/checkpoint.ts'
import { readNote } from '../../src/tlog/note.ts'
import { consistencyProof } from '../../src/tlog/tree.ts'
import { witnessCheck } from '../../src/server/verify-witness.ts'
import { IndexCheck } from '../../src/audit/verify-index.ts'
import { verifyLog, type WitnessCheck } from '../../src/audit/verify.ts'
import type { VerifyReport } from '../../src/audit/verify-report.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { decodeEntries, encodeEntries } from '../../src/tlog/entries.ts'
import { SHARD, writeLog } from '../fakes/written-log.ts'

/** The call that is to disappear. */
const HIDDEN = 'call-7'
const CALLS = 20

/** A home with a record, closed: what the administrator works on. */
class Scene {
  readonly home: string
  readonly signer: Signer = logSigner()
  /** The checkpoint that an auditor kept. */
  pin = ''

  constructor(t: TestContext) {
    this.home = temporaryHome(t)
  }

  open(): Promise<AuditLog> {
    return openAuditLog({ ...logOptions(this.home, this.signer), origin: 'audit.test/log' })
  }

  /** Runs it once with this many calls, and keeps what an auditor would keep. */
  async run(calls = CALLS): Promise<void> {
    const log = await this.open()
    for (let i = 0; i < calls; i++) await log.append(intent(`call-${i}`))
    await log.close()
    this.pin = readFileSync(join(this.shard, 'checkpoint'), 'utf8')
  }

  get log(): string {
    return join(this.home, 'log')
  }

  /** The folder of its one shard. */
  get shard(): string {
    return join(this.log, readdirSync(this.log)[0] ?? '')
  }

  get vkey(): string {
    return readFileSync(join(this.home, 'log.vkey'), 'utf8')
  }

  /** What the home's own verification finds, index and all; with `pins`, what the auditor's does. */
  async verify(
    pins: readonly string[] = [],
    witnesses?: WitnessCheck,
    vkey = this.vkey,
  ): Promise<VerifyReport> {
    const check = IndexCheck.open(join(this.home, 'log-state.sqlite'))
    try {
      return await verifyLog({
        directory: this.log,
        vkey,
        pins,
        ...(witnesses === undefined ? {} : { witnesses }),
        ...(check === undefined ? {} : { index: { check, log: this.log } }),
      })
    } finally {
      check?.close()
    }
  }

  /** Every entry of the log. */
  entries(): Uint8Array[] {
    const follower = new LogFollower(this.home)
    try {
      return follower.entries(0, 4096).map(({ entry }) => entry)
    } finally {
      follower.close()
    }
  }

  /** Runs SQL on the log's database, which the administrator owns. */
  sql(text: string): void {
    const database = new DatabaseSync(join(this.home, 'log-state.sqlite'))
    database.exec(text)
    database.close()
  }

  /** Where the call's record is. */
  indexOfHidden(): number {
    return this.entries().findIndex((entry) => readRecord(entry).call === HIDDEN)
  }
}

const found = ({ findings }: VerifyReport): string[] =>
  findings.map(({ code, place }) => `${code} ${place}`)

/** Why it did not open. */
async function refused(open: Promise<AuditLog>): Promise<string> {
  try {
    const log = await open
    await log.close()
    return 'opened'
  } catch (error) {
    return publicFault(error).code
  }
}

/** The log without the call, sealed anew as the gateway would have sealed it, so that no number is missing. */
function withoutHidden(entries: readonly Uint8Array[]): Uint8Array[] {
  const kept = entries.map((entry) => readRecord(entry)).filter(({ call }) => call !== HIDDEN)
  const { gateway, boot } = kept[0]!
  const envelope = new Envelope(gateway, boot, systemClock, systemEntropy)
  return kept.map(({ type, phase, call, body }) =>
    utf8(envelope.seal({ type, phase, ...(call === undefined ? {} : { call }), body }).text),
  )
}

/** A witness with a key and a folder of its own, which the administrator has no account on. */
class OtherSide {
  readonly #witness: Witness
  readonly #vkeys: string
  /** What an auditor holds the log against. */
  readonly check: WitnessCheck

  constructor(t: TestContext, { vkey: logs }: Scene) {
    const directory = join(temporaryHome(t), 'witness')
    const { signer, vkey } = openWitnessKey(directory, 'w.test', systemClock)
    this.#vkeys = logs
    this.#witness = new Witness({ directory, logs, signer, vkey })
    this.check = witnessCheck(`witness w ${vkey}\nquorum w\n`)
  }

  /** The log has its newest checkpoint cosigned; answers the code of what was refused. */
  cosign(scene: Scene): string {
    const files = new LogFolder(scene.log).shard(SHARD)
    const checkpoint = files.checkpoint() ?? ''
    const { size } = parseCheckpoint(readNote(checkpoint).body)
    const shown = this.#shown()
    const old = shown === undefined ? 0 : parseCheckpoint(readNote(shown).body).size
    if (old > size) return 'larger'
    try {
      const proof = consistencyProof(old, size, files.readHashes)
      files.publishWitnessed(checkpoint + this.#witness.add({ old, proof, checkpoint }))
      return 'cosigned'
    } catch (error) {
      return publicFault(error).code
    }
  }

  /** What the witness shows anybody, held against the log: words of the evidence. */
  against(scene: Scene): string | undefined {
    const files = new LogFolder(scene.log).shard(SHARD)
    const verifier = shardVerifier(this.#vkeys, `audit.test/log/${SHARD}`)
    assert.ok(verifier !== undefined)
    const evidence = evidenceIn(
      this.#shown() ?? '',
      files.checkpoint() ?? '',
      verifier,
      files.readHashes,
    )
    return evidence?.detail
  }

  #shown(): string | undefined {
    return this.#witness.newest(hex(sha256(utf8(`audit.test/log/${SHARD}`))))
  }
}

test('INV-7 an entry is edited in its bundle: its hash in the tile is another', async (t) => {
  const scene = new Scene(t)
  await scene.run()
  const index = scene.indexOfHidden()
  const [name = ''] = readdirSync(join(scene.shard, 'tile/entries/000.p')).toSorted(
    (a, b) => Number(b) - Number(a),
  )
  const path = join(scene.shard, 'tile/entries/000.p', name)
  const entries = decodeEntries(readFileSync(path))
  entries[index] = utf8(Buffer.from(entries[index]!).toString().replace('coder', 'other'))
  writeFileSync(path, encodeEntries(entries))
  const report = await scene.verify()
  assert.ok(found(report).includes(`audit.verify_leaf record ${index}`))
})

test('INV-7 tiles are rewritten without the log key: nothing leads to the signed root', async (t) => {
  const scene = new Scene(t)
  await scene.run()
  const other = writeLog(temporaryHome(t), withoutHidden(scene.entries()))
  rmSync(join(scene.shard, 'tile'), { recursive: true })
  cpSync(join(other.shard, 'tile'), join(scene.shard, 'tile'), { recursive: true })
  const codes = found(await scene.verify())
  assert.ok(codes.length > 0 && codes.every((each) => each.startsWith('audit.verify_')))
  assert.equal(await refused(scene.open()), 'audit.corrupt', 'and it does not start again')
})

test('INV-7 the tail is cut off with its checkpoint: whoever kept a checkpoint, and log-state.sqlite, know more', async (t) => {
  const scene = new Scene(t)
  await scene.run(5)
  const backup = temporaryHome(t)
  cpSync(scene.log, backup, { recursive: true })
  await scene.run()
  rmSync(scene.log, { recursive: true })
  cpSync(backup, scene.log, { recursive: true })
  const codes = found(await scene.verify([scene.pin]))
  assert.ok(codes.some((each) => each.startsWith('audit.verify_rolled_back')))
  assert.equal(await refused(scene.open()), 'audit.corrupt', 'and it does not start again')
})

test('INV-7 log-state.sqlite is put back without the tiles: what was published is ahead of it', async (t) => {
  const scene = new Scene(t)
  await scene.run(5)
  const state = ['', '-wal', '-shm'].map((end) => `log-state.sqlite${end}`)
  const backup = temporaryHome(t)
  const put = (from: string, to: string): void => {
    for (const name of state) {
      rmSync(join(to, name), { force: true })
      if (existsSync(join(from, name))) cpSync(join(from, name), join(to, name))
    }
  }
  put(scene.home, backup)
  await scene.run()
  put(backup, scene.home)
  assert.equal(await refused(scene.open()), 'audit.rolled_back')
  const codes = found(await scene.verify())
  assert.ok(codes.includes(`audit.verify_rolled_back ${SHARD}/checkpoint`))
})

test('INV-7 log-state.sqlite and the tiles are put back together: found by a kept checkpoint or a witness alone', async (t) => {
  const scene = new Scene(t)
  await scene.run(5)
  const backup = temporaryHome(t)
  const early = scene.pin
  cpSync(scene.home, backup, { recursive: true })
  await scene.run()
  const witness = new OtherSide(t, scene)
  assert.equal(witness.cosign(scene), 'cosigned')
  assert.equal((await scene.verify([], witness.check)).witness, 'witnessed')
  rmSync(scene.home, { recursive: true })
  cpSync(backup, scene.home, { recursive: true })
  // The home by itself is whole: it is one that once was.
  assert.deepEqual(found(await scene.verify()), [])
  assert.deepEqual(found(await scene.verify([scene.pin])), [
    `audit.verify_rolled_back ${SHARD}/checkpoint`,
  ])
  // It goes on from there, and signs a second history.
  await scene.run(30)
  const late = readFileSync(join(scene.shard, 'checkpoint'), 'utf8')
  assert.notEqual(late, early)
  const forked = await openedBefore(scene, backup)
  assert.deepEqual(found(await scene.verify([forked])), [`audit.verify_forked ${SHARD}/checkpoint`])
  // The witness has signed the one before it, shows that, and signs no other.
  assert.equal(witness.cosign(scene), 'witness.inconsistent')
  assert.match(witness.against(scene) ?? '', /^this log signed another root /)
  assert.deepEqual(found(await scene.verify([], witness.check)), [
    `audit.verify_witness ${SHARD}/checkpoint`,
  ])
})

/** The checkpoint that the same backup comes to when it is run another time: shorter than the scene's, and not its beginning. */
async function openedBefore(scene: Scene, backup: string): Promise<string> {
  const log = await openAuditLog({ ...logOptions(backup, scene.signer), origin: 'audit.test/log' })
  await log.append(intent('elsewhere'))
  await log.close()
  return readFileSync(join(backup, 'log', SHARD, 'checkpoint'), 'utf8')
}

test('INV-7 everything is rewritten and signed with the stolen log key: found by a kept checkpoint or a witness alone', async (t) => {
  const scene = new Scene(t)
  await scene.run()
  const rewritten = withoutHidden(scene.entries())
  const { pin } = scene
  const witness = new OtherSide(t, scene)
  assert.equal(witness.cosign(scene), 'cosigned')
  const cosigned = readFileSync(join(scene.shard, 'checkpoint.witnessed'), 'utf8')
  for (const name of readdirSync(scene.home)) rmSync(join(scene.home, name), { recursive: true })
  writeLog(scene.home, rewritten, { signer: scene.signer })
  // Nothing inside can tell: this is what a witness is for, and it is said so.
  const alone = await scene.verify()
  assert.deepEqual([found(alone), alone.witness], [[], 'unwitnessed'])
  assert.deepEqual(found(await scene.verify([pin])), [
    `audit.verify_rolled_back ${SHARD}/checkpoint`,
  ])
  const seen = await scene.verify([], witness.check)
  assert.deepEqual(
    [found(seen)[0], seen.witness],
    [`audit.verify_witness ${SHARD}/checkpoint`, 'unwitnessed'],
  )
  // What the witness shows says it as well, and so does its cosignature, put back beside what it does not cover.
  assert.equal(witness.cosign(scene), 'larger')
  assert.match(witness.against(scene) ?? '', /^this log signed .* at size \d+, and has \d+$/)
  writeFileSync(join(scene.shard, 'checkpoint.witnessed'), cosigned)
  assert.notDeepEqual(found(await scene.verify([], witness.check)), [])
})

test('INV-7 the same with padding behind it, so that it is longer than what was kept: another history', async (t) => {
  const scene = new Scene(t)
  await scene.run()
  const rewritten = withoutHidden(scene.entries())
  const { gateway, boot } = readRecord(rewritten[0]!)
  const padding = new Envelope(gateway, boot, systemClock, systemEntropy)
  const all = [...rewritten, ...rewritten.slice(0, 0)]
  // The padding goes on with the numbers of the same boot.
  for (let i = 0; i < rewritten.length; i++) padding.seal(intent('used'))
  for (let i = 0; i < 10; i++) all.push(utf8(padding.seal(intent(`more-${i}`)).text))
  const { pin } = scene
  for (const name of readdirSync(scene.home)) rmSync(join(scene.home, name), { recursive: true })
  writeLog(scene.home, all, { signer: scene.signer })
  assert.deepEqual(found(await scene.verify([pin])), [`audit.verify_forked ${SHARD}/checkpoint`])
})

test('INV-7 a record is left out and the log signed without it: its number is missing', async (t) => {
  const scene = new Scene(t)
  await scene.run()
  const entries = scene.entries()
  const index = scene.indexOfHidden()
  const { vkey } = scene
  for (const name of readdirSync(scene.home)) rmSync(join(scene.home, name), { recursive: true })
  writeLog(scene.home, entries.toSpliced(index, 1), { signer: scene.signer })
  const report = await scene.verify([], undefined, vkey)
  assert.deepEqual(found(report), [`audit.verify_gap record ${index}`])
})

test('INV-7 index rows are deleted or edited, so that a search does not show the call: the log says what the rows should be', async (t) => {
  const scene = new Scene(t)
  await scene.run()
  const index = scene.indexOfHidden()
  scene.sql(`UPDATE records SET call = 'innocent' WHERE idx = ${index}`)
  assert.deepEqual(found(await scene.verify()), [`audit.verify_index record ${index}`])
  scene.sql(`DELETE FROM records WHERE idx = ${index}`)
  assert.deepEqual(found(await scene.verify()), [`audit.verify_index record ${index}`])
})

test('INV-7 the log key and log.vkey are swapped and everything signed anew: it is not the key that was seen before', async (t) => {
  const scene = new Scene(t)
  await scene.run()
  const entries = scene.entries()
  const { pin, vkey } = scene
  for (const name of readdirSync(scene.home)) rmSync(join(scene.home, name), { recursive: true })
  writeLog(scene.home, withoutHidden(entries), { signer: logSigner() })
  const codes = found(await scene.verify([pin]))
  assert.ok(codes.includes('audit.verify_key checkpoint'))
  // Whoever has the key from elsewhere sees it at once.
  const elsewhere = found(await scene.verify([], undefined, vkey))
  assert.ok(elsewhere.includes(`audit.verify_note ${SHARD}/checkpoint`))
})

test('INV-7 log.vkey alone is swapped: it does not start', async (t) => {
  const scene = new Scene(t)
  await scene.run(2)
  const other = new Scene(t)
  await other.run(2)
  writeFileSync(join(scene.home, 'log.vkey'), other.vkey)
  assert.equal(await refused(scene.open()), 'audit.key')
})

test('INV-7 a whole shard is deleted: the one after it, log.vkey and log-state.sqlite name it', async (t) => {
  const scene = new Scene(t)
  await scene.run()
  rmSync(scene.shard, { recursive: true })
  const codes = found(await scene.verify([scene.pin]))
  assert.ok(codes.includes(`audit.verify_shard ${SHARD}/checkpoint`))
  assert.ok(codes.some((each) => each.startsWith('audit.verify_rolled_back')))
  assert.equal(await refused(scene.open()), 'audit.corrupt')
})

test('INV-7 the tiles of a shard are deleted as if retention had dropped it: no record says so', async (t) => {
  const scene = new Scene(t)
  await scene.run()
  rmSync(join(scene.shard, 'tile'), { recursive: true })
  assert.ok(found(await scene.verify()).includes(`audit.verify_shard ${SHARD}/tile`))
})

test('INV-7 the spool is emptied while it stands still: it does not start, and nothing is passed over', async (t) => {
  const scene = new Scene(t)
  await scene.run(3)
  for (const name of readdirSync(join(scene.home, 'spool'))) rmSync(join(scene.home, 'spool', name))
  assert.equal(await refused(scene.open()), 'audit.corrupt')
})

test('INV-7 the clock is put back, or the heartbeats kept away: the verification notes both', async (t) => {
  const home = temporaryHome(t)
  let now = Date.parse('2026-09-01T00:00:00Z')
  const clock = { now: () => now, monotonic: () => now }
  const envelope = new Envelope(
    'gw-test',
    '01a204f2-383b-7306-a4c7-0552c2623573',
    clock,
    systemEntropy,
  )
  const entries: Uint8Array[] = []
  for (const step of [0, 60_000, 3_600_000, -7_200_000]) {
    now += step
    entries.push(utf8(envelope.seal(intent('x')).text))
  }
  const written = writeLog(home, entries)
  const { ok, notes } = await verifyLog({
    directory: written.log,
    vkey: readFileSync(written.vkey, 'utf8'),
  })
  assert.equal(ok, true)
  assert.deepEqual(
    notes.map(({ code, place }) => `${code} ${place}`),
    ['audit.verify_silence record 2', 'audit.verify_clock record 3'],
  )
})

test('INV-7 a second gateway of the same name runs beside: its boot is another, and both are whole', async (t) => {
  const scene = new Scene(t)
  await scene.run(3)
  await scene.run(3)
  const { boots, ok } = await scene.verify()
  assert.equal(ok, true)
  assert.deepEqual(
    boots.map(({ gateway, ended }) => [gateway, ended]),
    [
      ['gw-test', 'stopped'],
      ['gw-test', 'stopped'],
    ],
  )
  // Two that write the same home at once cannot be: whoever moved the log first fences the other.
  const first = await scene.open()
  scene.sql('UPDATE state SET epoch = epoch + 1')
  await first.append(intent('call-x'))
  await assert.rejects(first.flush(), (error) => publicFault(error).code.startsWith('audit.'))
  await first.close().catch(() => undefined)
})
