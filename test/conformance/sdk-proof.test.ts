// Holds the SDK's verification of proofs, by WebCrypto alone, against the log's own: what one accepts the other does, and nothing else.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { generateKeyPairSync, sign } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { verifyProof } from '../../src/sdk/proof/verify.ts'
import { utf8 } from '../../src/std/bytes.ts'
import { formatCheckpoint } from '../../src/tlog/checkpoint.ts'
import { COSIGNATURE_V1, cosigner, cosignatureVerifier } from '../../src/tlog/cosignature.ts'
import { rawEd25519 } from '../../src/tlog/ed25519.ts'
import { Edge } from '../../src/tlog/edge.ts'
import { leafHash } from '../../src/tlog/hash.ts'
import {
  formatVkey,
  NOTE_ED25519,
  noteSigner,
  noteVerifier,
  parseVkey,
  signNote,
} from '../../src/tlog/note.ts'
import { formatProof, verifyProof as ownVerifyProof } from '../../src/tlog/proof.ts'
import { inclusionProof } from '../../src/tlog/tree.ts'

const LOG = 'log.example/agents'
const ORIGIN = `${LOG}/2026h2`
const SIGNED_AT = 1_795_525_657

function pair() {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const raw = rawEd25519(publicKey.export({ format: 'der', type: 'spki' }))
  return { raw, sign: (data: Uint8Array) => sign(null, data, privateKey) }
}

const log = pair()
const witness = pair()
const stranger = pair()
const logKey = formatVkey(LOG, NOTE_ED25519, log.raw)
const shardKey = formatVkey(ORIGIN, NOTE_ED25519, log.raw)
const witnessKey = formatVkey('witness.example', COSIGNATURE_V1, witness.raw)
const signers = [
  cosigner('witness.example', witness.raw, witness.sign, () => SIGNED_AT),
  noteSigner(ORIGIN, log.raw, log.sign),
]
const verifiers = [noteVerifier(parseVkey(shardKey)), cosignatureVerifier(parseVkey(witnessKey))]

/** A log of so many entries, and proofs of each under its checkpoint. */
function logOf(size: number) {
  const entries = Array.from({ length: size }, (_, i) => utf8(`{"entry":${i},"né":"ü"}`))
  const tiles = new Map<string, Uint8Array>()
  const edge = Edge.load(0, () => new Uint8Array())
  for (const { ref, bytes } of edge.append(entries.map(leafHash)).tiles) {
    tiles.set(`${ref.level}/${ref.index}`, bytes)
  }
  const read = (level: number, index: number) => tiles.get(`${level}/${index}`) ?? new Uint8Array()
  const body = formatCheckpoint({ origin: ORIGIN, size, root: edge.root() })
  const checkpoint = signNote(body, signers)
  const prove = (index: number): string =>
    formatProof({ index, hashes: inclusionProof(index, size, read), checkpoint })
  return { entries, prove, checkpoint, body }
}

const grown = logOf(300)

/** Both verifiers, on the same claim. The log's own throws where the SDK has a verdict. */
async function both(proof: string, entry: Uint8Array, keys = `${logKey}\n${witnessKey}`) {
  const told = await verifyProof({ proof, entry, keys })
  let own: boolean
  try {
    ownVerifyProof(proof, entry, verifiers, ORIGIN)
    own = true
  } catch {
    own = false
  }
  return { told, own }
}

test('every entry of logs of many sizes is proven, by the key of the log or of the half-year', async () => {
  for (const size of [1, 2, 3, 7, 8, 255, 256, 257, 300]) {
    const { entries, prove } = logOf(size)
    for (const index of new Set([0, 1, size >> 1, size - 2, size - 1])) {
      if (index < 0 || index >= size) continue
      for (const keys of [logKey, shardKey, `${shardKey}\n${witnessKey}\n`]) {
        const told = await verifyProof({ proof: prove(index), entry: entries[index]!, keys })
        assert.ok(told.ok, JSON.stringify(told))
        assert.deepEqual([told.origin, told.index, told.size], [ORIGIN, index, size])
        const names = told.signatures.map(({ name, kind, time }) => ({ name, kind, time }))
        const own = { name: ORIGIN, kind: 'log', time: undefined }
        const seen = { name: 'witness.example', kind: 'witness', time: SIGNED_AT }
        assert.deepEqual(names, keys.includes(witnessKey) ? [own, seen] : [own])
      }
    }
  }
})

test('INV-7 whatever byte of a proof is changed, both verifiers say the same', async () => {
  const proof = Buffer.from(grown.prove(257))
  const entry = grown.entries[257]!
  assert.deepEqual((await both(proof.toString(), entry)).own, true)
  let refused = 0
  for (let at = 0; at < proof.length; at += 1) {
    for (const bit of [1, 32, 128]) {
      const changed = Buffer.from(proof)
      changed[at] = changed[at]! ^ bit
      const { told, own } = await both(changed.toString('utf8'), entry)
      assert.equal(told.ok, own, `bit ${bit} of byte ${at}: ${JSON.stringify(told)}`)
      refused += told.ok ? 0 : 1
    }
  }
  // Nobody is lenient: but for the name and key id of the witness, with which it is a stranger's line, every change is refused.
  const lenient = 'witness.example'.length + 6
  assert.ok(refused >= (proof.length - lenient) * 3, `${refused} of ${proof.length * 3}`)
})

test('texts that are nearly proofs are refused by both, each at its step', async () => {
  const text = grown.prove(7)
  const entry = grown.entries[7]!
  const hash = text.split('\n')[2]!
  const cases: readonly (readonly [string, string])[] = [
    ['', 'proof'],
    ['\n\n', 'proof'],
    [text.replace('@v1', '@v2'), 'proof'],
    [text.replace('index 7', 'index 07'), 'proof'],
    [text.replace('index 7', 'index 9007199254740993'), 'proof'],
    [text.replace('index 7', 'index 7 '), 'proof'],
    [text.replace('index 7\n', `index 7\n${`${hash}\n`.repeat(60)}`), 'proof'],
    [text.replace(hash, `${hash}\r`), 'proof'],
    [text.replace('index 7', 'index 6'), 'inclusion'],
    [text.replace('index 7', 'index 300'), 'inclusion'],
    [text.replace(`${hash}\n`, ''), 'inclusion'],
    [text.replace(`${hash}\n`, `${hash}\n${hash}\n`), 'inclusion'],
    [text.replace(`${ORIGIN}\n`, `${LOG}/2027h1\n`), 'signature'],
    [text.replace(`${ORIGIN}\n`, 'other.example/2026h2\n'), 'key'],
    [text.replace('\n300\n', '\n301\n'), 'signature'],
    [text.slice(0, -1), 'signature'],
    [`${text}\u2014 ${ORIGIN} AAAA\n`, 'signature'],
    [text + text.split('\n').at(-2)!.repeat(1) + '\u0007\n', 'signature'],
  ]
  for (const [changed, step] of cases) {
    const { told, own } = await both(changed, entry)
    assert.equal(own, false, changed)
    assert.ok(!told.ok)
    assert.equal(told.step, step, `${told.detail}: ${JSON.stringify(changed.slice(0, 200))}`)
  }
})

test('a proof of one entry proves no other, in another log or by another key', async () => {
  const proof = grown.prove(7)
  const entry = grown.entries[7]!
  const step = async (of: Partial<Parameters<typeof verifyProof>[0]>): Promise<string> => {
    const told = await verifyProof({ proof, entry, keys: logKey, ...of })
    return told.ok ? 'ok' : told.step
  }
  assert.equal(await step({}), 'ok')
  assert.equal(await step({ entry: grown.entries[8]! }), 'inclusion')
  assert.equal(await step({ entry: utf8('') }), 'inclusion')
  assert.equal(await step({ origin: LOG }), 'checkpoint')
  assert.equal(await step({ keys: '' }), 'key')
  assert.equal(await step({ keys: witnessKey }), 'key')
  assert.equal(await step({ keys: logKey.slice(0, -2) }), 'key')
  // Another key under the log's name: its line says nothing about this checkpoint, and nobody who is known signed.
  const impostor = formatVkey(LOG, NOTE_ED25519, stranger.raw)
  assert.equal(await step({ keys: impostor }), 'signature')
  // The witness alone does not answer for the log.
  const { checkpoint, body } = grown
  const cosigned = signNote(body, [signers[0]!])
  const alone = proof.replace(checkpoint, cosigned)
  assert.equal(await step({ proof: alone, keys: `${logKey}\n${witnessKey}` }), 'signature')
  // C2SP tlog-cosignature: a key that is known for one thing does not sign the other.
  const crossed = formatVkey('witness.example', NOTE_ED25519, witness.raw)
  const mixed = await verifyProof({ proof, entry, keys: `${logKey}\n${crossed}` })
  assert.deepEqual(mixed.ok && mixed.signatures.map(({ kind }) => kind), ['log'])
})

test('the example of the documentation verifies what was handed over, and refuses what was changed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bailiwick-proof-'))
  try {
    const example = join(import.meta.dirname, '..', '..', 'examples', 'verify-proof.mjs')
    const at = (name: string): string => join(folder, name)
    writeFileSync(at('one.tlog-proof'), grown.prove(7))
    writeFileSync(at('one.json'), grown.entries[7]!)
    writeFileSync(at('other.json'), grown.entries[8]!)
    writeFileSync(at('log.vkey'), `${logKey}\n${witnessKey}\n`)
    const run = (record: string) =>
      spawnSync(process.execPath, [example, at('one.tlog-proof'), at(record), at('log.vkey')], {
        encoding: 'utf8',
      })
    const proven = run('one.json')
    assert.equal(proven.status, 0, proven.stderr)
    const by = `${ORIGIN}, witness.example`
    assert.equal(proven.stdout, `record 7 of 300 in ${ORIGIN}, signed by ${by}\n`)
    const changed = run('other.json')
    assert.equal(changed.status, 1)
    assert.match(changed.stderr, /^not proven, at the step inclusion: /)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('no text at all makes it throw, or hang', async () => {
  const pieces = fc.constantFrom(
    'c2sp.org/tlog-proof@v1\n',
    'index 7\n',
    'extra AQI=\n',
    '\n',
    '\u2014 ',
    ORIGIN,
    '\u0000',
    '\ud800',
    ' ',
    grown.checkpoint,
    grown.prove(7),
  )
  const texts = fc.array(fc.oneof(pieces, fc.string())).map((parts) => parts.join(''))
  await fc.assert(
    fc.asyncProperty(texts, fc.uint8Array(), async (proof, entry) => {
      const { told, own } = await both(proof, entry)
      assert.equal(told.ok, own)
    }),
    { numRuns: 300 },
  )
})
