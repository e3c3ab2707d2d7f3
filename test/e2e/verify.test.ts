// Holds `audit verify` as a stranger runs it: against a home, a copy, an address and single files; and what it says of each kind of tampering.

import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { logSigner } from '../../src/audit/testbed.test.ts'
import { COSIGNATURE_V1 } from '../../src/tlog/cosignature.ts'
import { rawEd25519 } from '../../src/tlog/ed25519.ts'
import { formatVkey } from '../../src/tlog/note.ts'
import { decodeEntries, encodeEntries } from '../../src/tlog/entries.ts'
import { Bailiwick } from './bailiwick.ts'
import { sealedEntries, writeLog } from '../fakes/written-log.ts'
import { Child, MAIN, type Ended } from './child.ts'
import { rootsOf } from './roots.ts'

let bailiwick: Bailiwick
/** Where the stranger is: a copy of the log, its key kept apart, and what was handed out. */
let folder: string
let vkey: string
let copy: string
let shard: string
/** The checkpoint folder of a stranger who saw the log when it was copied. */
let seen: string
/** Id of the record that was handed out with its proof. */
let proven: string

before(async () => {
  bailiwick = await Bailiwick.start()
  folder = mkdtempSync(join(tmpdir(), 'bailiwick-stranger-'))
  await bailiwick.agent('worker-1', ['worker'])
  for (let i = 0; i < 3; i++) await bailiwick.unlock((await bailiwick.lock('agent', 'worker-1')).id)
  const [record] = await bailiwick.records('lock.added')
  proven = record!.record.id
  const done = await bailiwick.cli(['audit', 'proof', proven, '--out', join(folder, 'one')])
  assert.equal(done.code, 0, done.stderr)
  copy = join(folder, 'copy')
  vkey = join(folder, 'log.vkey')
  seen = join(folder, 'seen')
  cpSync(join(bailiwick.home, 'log'), copy, { recursive: true })
  cpSync(join(bailiwick.home, 'log.vkey'), vkey)
  shard = readdirSync(copy)[0]!
})

after(async () => {
  rmSync(folder, { recursive: true, force: true })
  await bailiwick[Symbol.asyncDispose]()
})

/** The command of somebody else, who has no home here and keeps what was seen in a folder of their own. */
async function stranger(args: readonly string[], config?: string): Promise<Ended> {
  const environment = config === undefined ? {} : { XDG_CONFIG_HOME: config }
  await using child = new Child(
    [MAIN, '--home', join(folder, 'nothing'), 'audit', 'verify', ...args],
    environment,
  )
  child.say('')
  return await child.ended
}

/** A copy of the copy, tampered with. */
function tampered(name: string, change: (directory: string) => void): string {
  const at = join(folder, name)
  cpSync(copy, at, { recursive: true })
  change(join(at, shard))
  return at
}

/** The widest file of a kind: what the checkpoint leads to. */
function widest(directory: string, kind: string): string {
  const at = join(directory, 'tile', kind, '000.p')
  return join(at, readdirSync(at).toSorted((a, b) => Number(b) - Number(a))[0]!)
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path)
  bytes[at] = (bytes[at] ?? 0) ^ 1
  writeFileSync(path, bytes)
}

function editEntries(directory: string, edit: (entries: Uint8Array[]) => Uint8Array[]): void {
  const path = widest(directory, 'entries')
  writeFileSync(path, encodeEntries(edit(decodeEntries(readFileSync(path)))))
}

/** Serves a folder as any web server does. */
async function served(directory: string): Promise<{ url: string; close(): void }> {
  const server = createServer((request, response) => {
    try {
      response.end(readFileSync(join(directory, new URL(request.url ?? '', 'http://x').pathname)))
    } catch {
      response.writeHead(404).end()
    }
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() }
}

test('INV-7 a home verifies, in part, by hashes and by one record; and nobody vouches for it', async () => {
  const [whole, part, hashes] = await Promise.all([
    bailiwick.cli(['audit', 'verify', '--no-pin']),
    bailiwick.cli(['audit', 'verify', '--no-pin', '--range', '2..5', '-o', 'json']),
    bailiwick.cli(['audit', 'verify', '--no-pin', '--hashes']),
  ])
  assert.equal(whole.code, 0, whole.stderr)
  assert.match(whole.stdout, /log +whole/)
  assert.match(whole.stdout, /witness +unwitnessed: nobody but this log vouches for it/)
  const report = JSON.parse(part.stdout) as { ok: boolean; records: number; witness: string }
  assert.deepEqual([report.ok, report.records, report.witness], [true, 4, 'unwitnessed'])
  assert.equal(hashes.code, 0, hashes.stderr)
  assert.match(hashes.stdout, /records +none read/)
})

test('INV-7 a copy verifies offline with its key alone, is pinned, and has to continue what was seen', async () => {
  const first = await stranger(['--from', copy, '--vkey', vkey], seen)
  assert.equal(first.code, 0, first.stderr)
  assert.match(first.stdout, /first seen here; 1 kept in/)
  assert.match(first.stdout, /unwitnessed/)
  const second = await stranger(['--from', copy, '--vkey', vkey], seen)
  assert.match(second.stdout, /a continuation of what was seen before/)
  // Another key than the one that it was signed with.
  const [line = ''] = readFileSync(vkey, 'utf8').split('\n')
  const other = join(folder, 'other.vkey')
  writeFileSync(other, `${line.replace(/^[^+]*/, 'elsewhere.test/log')}\n`)
  const wrong = await stranger(['--from', copy, '--vkey', other, '--no-pin'])
  assert.equal(wrong.code, 1)
  assert.match(wrong.stdout + wrong.stderr, /audit\.verify_note|tlog\.vkey/)
})

test('INV-7 one record proves itself with its entry, its proof and the key, and no other entry does', async () => {
  const proof = join(folder, 'one.tlog-proof')
  const good = await stranger(['--proof', proof, '--vkey', vkey, '-o', 'json'])
  assert.equal(good.code, 0, good.stderr)
  const { ok, record } = JSON.parse(good.stdout) as { ok: boolean; record: { id: string } }
  assert.deepEqual([ok, record.id], [true, proven])
  const text = readFileSync(join(folder, 'one.json'), 'utf8')
  const edited = join(folder, 'edited.json')
  writeFileSync(
    edited,
    text.replace(
      proven,
      proven.replace(/.$/, (end) => (end === '0' ? '1' : '0')),
    ),
  )
  const cut = join(folder, 'cut.tlog-proof')
  writeFileSync(cut, readFileSync(proof, 'utf8').slice(0, -20))
  const [bad, torn, watched] = await Promise.all([
    stranger(['--proof', proof, '--record', edited, '--vkey', vkey]),
    stranger(['--proof', cut, '--record', join(folder, 'one.json'), '--vkey', vkey]),
    stranger(['--proof', proof, '--vkey', vkey, '--policy', policyFile()]),
  ])
  for (const { code, stdout, stderr } of [bad, torn]) {
    assert.equal(code, 1)
    assert.match(stdout, /record +DEVIATES/)
    assert.match(stderr, /cli\.log_deviates/)
  }
  assert.match(watched.stdout, /audit\.verify_witness/)
  assert.equal(watched.code, 1)
})

/** A policy whose one witness has seen nothing. */
function policyFile(): string {
  const path = join(folder, 'witness.policy')
  const { publicKey } = generateKeyPairSync('ed25519')
  const raw = rawEd25519(new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })))
  writeFileSync(path, `witness w1 ${formatVkey('w.test/w1', COSIGNATURE_V1, raw)}\nquorum w1\n`)
  return path
}

test('INV-7 the running server’s public log, and the same folder on any web server, verify by address', async () => {
  const roots = join(folder, 'roots.pem')
  writeFileSync(roots, (await rootsOf(bailiwick)).join(''))
  const url = `${bailiwick.identityUrl}/log`
  const plain = await served(folder)
  mkdirSync(join(folder, 'empty'), { recursive: true })
  try {
    cpSync(vkey, join(copy, 'log.vkey'))
    const token = join(folder, 'token')
    writeFileSync(token, 'any\n')
    const [live, one, still, read, nothing, stranger404, keyless] = await Promise.all([
      stranger(['--from', url, '--ca', roots, '--vkey', vkey], seen),
      stranger(['--from', `${url}/${shard}`, '--ca', roots, '--vkey', vkey, '--no-pin']),
      stranger(['--from', `${plain.url}/copy`, '--vkey', vkey, '--no-pin']),
      stranger(['--from', `${plain.url}/copy`, '--vkey', vkey, '--no-pin', '--token-file', token]),
      stranger(['--from', `${plain.url}/empty`, '--vkey', vkey, '--no-pin']),
      stranger(['--from', url, '--vkey', vkey, '--no-pin']),
      stranger(['--from', url, '--ca', roots, '--no-pin']),
    ])
    assert.equal(live.code, 0, live.stderr)
    assert.match(live.stdout, /a continuation of what was seen before|first seen here/)
    assert.match(live.stdout, /records +none read/)
    assert.match(live.stdout, /unwitnessed/)
    for (const { code, stderr } of [one, still, read]) assert.equal(code, 0, stderr)
    assert.match(read.stdout, /records +\d+ read, hashed and parsed/)
    assert.deepEqual([nothing.code, stranger404.code, keyless.code], [1, 1, 2])
    assert.match(nothing.stdout, /audit\.verify_note +checkpoint +it is missing/)
    assert.match(
      stranger404.stderr + stranger404.stdout,
      /audit\.verify_unreachable|does not answer/,
    )
    assert.match(keyless.stderr, /cli\.usage/)
  } finally {
    rmSync(join(copy, 'log.vkey'), { force: true })
    plain.close()
  }
})

test('INV-7 an old backup and another history under the same key contradict what was seen, until somebody says --repin', async () => {
  const signer = logSigner()
  const entries = sealedEntries(20)
  const old = writeLog(made('old'), entries.slice(0, 8), { signer })
  const grown = writeLog(made('grown'), entries, { signer })
  const other = [...entries.toSpliced(4, 1), ...sealedEntries(3, OTHER_BOOT)]
  const forked = writeLog(made('forked'), other, { signer })
  const pins = join(folder, 'pins')
  const look = (log: string, ...more: readonly string[]): Promise<Ended> =>
    stranger(['--from', log, '--vkey', grown.vkey, ...more], pins)
  assert.equal((await look(grown.log)).code, 0)
  const [back, fork] = await Promise.all([look(old.log), look(forked.log)])
  assert.match(
    back.stdout,
    /audit\.verify_rolled_back +\S+\/checkpoint +it was cut back: 20 records/,
  )
  assert.match(fork.stdout, /audit\.verify_forked +\S+\/checkpoint +it is another history: 20 /)
  for (const { code, stdout } of [back, fork]) {
    assert.equal(code, 1)
    assert.match(stdout, /pinned +NOT a continuation of what was seen before/)
  }
  // What contradicts is not kept in place of what it contradicts.
  assert.match((await look(grown.log)).stdout, /a continuation of what was seen before/)
  assert.equal((await look(old.log, '--repin')).code, 0)
  assert.equal((await look(old.log)).code, 0)
})

const OTHER_BOOT = '01a204f2-383b-7306-a4c7-0552c2623574'

function made(name: string): string {
  const directory = join(folder, name)
  mkdirSync(directory)
  return directory
}

test('INV-7 each kind of tampering with a copy is found, and named where it is', async () => {
  const root = (directory: string): string => join(directory, 'checkpoint')
  const cases: readonly (readonly [string, (directory: string) => void, RegExp])[] = [
    ['entry', (d) => flip(widest(d, 'entries'), 40), /audit\.verify_(?:leaf +record 0|entries)/],
    ['tile', (d) => flip(widest(d, '0'), 33), /audit\.verify_(?:leaf +record 1|tile)/],
    [
      'signature',
      (d) => flip(root(d), readFileSync(root(d)).length - 9),
      /audit\.verify_note +\S+\/checkpoint/,
    ],
    [
      'root',
      (d) => flip(root(d), readFileSync(root(d), 'utf8').indexOf('\n', 60) + 5),
      /audit\.verify_note +\S+\/checkpoint/,
    ],
    [
      'removed',
      (d) => editEntries(d, (e) => e.toSpliced(3, 1)),
      /audit\.verify_entries +\S+\/tile\/entries/,
    ],
    [
      'reordered',
      (d) => editEntries(d, (e) => e.toSpliced(3, 2, e[4]!, e[3]!)),
      /audit\.verify_leaf +record 3[^]*audit\.verify_leaf +record 4/,
    ],
    ['gone', (d) => rmSync(join(d, 'tile'), { recursive: true }), /audit\.verify_shard +\S+\/tile/],
  ]
  const results = await Promise.all(
    cases.map(([name, change]) =>
      stranger(['--from', tampered(name, change), '--vkey', vkey, '--no-pin']),
    ),
  )
  results.forEach(({ code, stdout, stderr }, at) => {
    const [name, , found] = cases[at]!
    assert.equal(code, 1, name)
    assert.match(stdout, /log +DEVIATES/, name)
    assert.match(stdout, found, `${name}: ${stdout}`)
    assert.match(stderr, /cli\.log_deviates/, name)
  })
})

test('INV-7 what is no question is answered as such, with exit code 2', async () => {
  const asked = await Promise.all(
    [
      ['--from', copy, '--vkey', vkey, '--range', '5..2'],
      ['--from', copy, '--vkey', vkey, '--range', 'all'],
      ['--from', copy, '--vkey', vkey, '--range', '0..1', '--hashes'],
      ['--from', copy, '--vkey', join(folder, 'none')],
      ['--from', copy, '--vkey', vkey, '--receipt', join(folder, 'one.json')],
      ['--from', copy, '--vkey', vkey, '--policy', join(folder, 'one.json')],
      ['--from', copy, '--vkey', vkey, '--range', '0..99999', '--no-pin'],
    ].map((args) => stranger(args)),
  )
  const said = asked.map(
    ({ code, stdout, stderr }) => `${code} ${/[a-z]+\.[a-z_]+/.exec(stderr)?.[0] ?? stdout}`,
  )
  assert.deepEqual(said, [
    '2 cli.usage',
    '2 cli.usage',
    '2 cli.usage',
    '1 cli.file',
    '1 audit.receipt',
    '1 tlog.policy',
    '1 cli.log_deviates',
  ])
  assert.match(asked.at(-1)!.stdout, /audit\.verify_gap +record 99999/)
})
