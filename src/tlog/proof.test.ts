// Holds the tests of portable proofs: they prove exactly one entry, in one log, at one index.

import assert from 'node:assert/strict'
import { generateKeyPairSync, sign } from 'node:crypto'
import { test } from 'node:test'

import fc from 'fast-check'

import { utf8 } from '../std/bytes.ts'
import { formatCheckpoint } from './checkpoint.ts'
import { Edge } from './edge.ts'
import { rawEd25519 } from './ed25519.ts'
import { leafHash } from './hash.ts'
import { formatVkey, noteSigner, noteVerifier, parseVkey, signNote } from './note.ts'
import { formatProof, parseProof, verifyProof } from './proof.ts'
import { inclusionProof } from './tree.ts'

const ORIGIN = 'log.example/agents/2026h2'
const SIZE = 300

function key(name: string) {
  const pair = generateKeyPairSync('ed25519')
  const raw = rawEd25519(pair.publicKey.export({ format: 'der', type: 'spki' }))
  return {
    signer: noteSigner(name, raw, (body) => sign(null, body, pair.privateKey)),
    verifier: noteVerifier(parseVkey(formatVkey(name, 1, raw))),
  }
}

const log = key(ORIGIN)
const witness = key('witness.example')
const entries = Array.from({ length: SIZE }, (_, i) => utf8(`entry ${i}`))
const tiles = new Map<string, Uint8Array>()
const edge = Edge.load(0, () => new Uint8Array())
for (const { ref, bytes } of edge.append(entries.map(leafHash)).tiles) {
  tiles.set(`${ref.level}/${ref.index}`, bytes)
}
const read = (level: number, index: number) => tiles.get(`${level}/${index}`) ?? new Uint8Array()
const body = formatCheckpoint({ origin: ORIGIN, size: SIZE, root: edge.root() })
const checkpoint = signNote(body, [witness.signer, log.signer])

function prove(index: number, extra?: Uint8Array): string {
  const hashes = inclusionProof(index, SIZE, read)
  return formatProof({ index, hashes, checkpoint, ...(extra === undefined ? {} : { extra }) })
}

test('a proof proves its entry', () => {
  fc.assert(
    fc.property(
      fc.nat(SIZE - 1),
      fc.option(fc.uint8Array(), { nil: undefined }),
      (index, extra) => {
        const text = prove(index, extra)
        assert.equal(formatProof(parseProof(text)), text)
        assert.deepEqual(parseProof(text).extra, extra)
        const proven = verifyProof(text, entries[index] as Uint8Array, [log.verifier], ORIGIN)
        assert.equal(proven.index, index)
        assert.deepEqual(proven.checkpoint, { origin: ORIGIN, size: SIZE, root: edge.root() })
        assert.deepEqual(
          proven.signatures.map(({ name }) => name),
          [ORIGIN],
        )
      },
    ),
  )
})

test('the log comes before the witnesses that are known', () => {
  const { signatures } = verifyProof(
    prove(7),
    utf8('entry 7'),
    [witness.verifier, log.verifier],
    ORIGIN,
  )
  assert.deepEqual(
    signatures.map(({ name }) => name),
    [ORIGIN, 'witness.example'],
  )
})

test("a checkpoint of another log is not this log's, though its key signed it", () => {
  const other = formatCheckpoint({ origin: 'other.example', size: SIZE, root: edge.root() })
  const { index, hashes } = parseProof(prove(7))
  const text = formatProof({ index, hashes, checkpoint: signNote(other, [log.signer]) })
  assert.throws(() => verifyProof(text, utf8('entry 7'), [log.verifier], ORIGIN), {
    code: 'tlog.proof_origin',
  })
})

test('a proof for one entry proves no other', () => {
  const proof = prove(7)
  for (const entry of ['entry 8', 'entry 7 ', '']) {
    assert.throws(() => verifyProof(proof, utf8(entry), [log.verifier], ORIGIN), {
      code: 'tlog.proof_invalid',
    })
  }
})

test('another log, or only a witness, does not answer for this log', () => {
  const entry = utf8('entry 7')
  assert.throws(() => verifyProof(prove(7), entry, [log.verifier], 'other.example'), {
    code: 'tlog.proof_origin',
  })
  assert.throws(() => verifyProof(prove(7), entry, [witness.verifier], ORIGIN), {
    code: 'tlog.proof_origin',
  })
  assert.throws(() => verifyProof(prove(7), entry, [key(ORIGIN).verifier], ORIGIN), {
    code: 'tlog.note_unsigned',
  })
  assert.throws(() => verifyProof(prove(7), entry, [], ORIGIN), { code: 'tlog.note_unsigned' })
})

test('INV-7 a proof changed in any byte proves nothing', () => {
  // Only the log is known: the line of the witness, like any stranger's, may say what it likes.
  const bytes = Buffer.from(prove(257))
  const stranger = bytes.indexOf('\u2014 witness')
  const own = bytes.indexOf('\u2014 log')
  const attempt = (changed: Buffer) =>
    verifyProof(changed.toString('utf8'), entries[257] as Uint8Array, [log.verifier], ORIGIN)
  for (let at = 0; at < bytes.length; at++) {
    if (at >= stranger && at < own) continue
    for (const bit of [1, 4, 32, 128]) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] as number) ^ bit
      assert.throws(() => attempt(changed), { name: 'Fault' }, `bit ${bit} of byte ${at}`)
    }
    const shorter = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)])
    assert.throws(() => attempt(shorter), { name: 'Fault' }, `without byte ${at}`)
  }
})

test('hashes left out, doubled or reordered prove nothing', () => {
  const { hashes } = parseProof(prove(7))
  const attempt = (changed: readonly Uint8Array[]) =>
    verifyProof(
      formatProof({ index: 7, hashes: changed, checkpoint }),
      utf8('entry 7'),
      [log.verifier],
      ORIGIN,
    )
  assert.equal(attempt(hashes).index, 7)
  for (const [i, hash] of hashes.entries()) {
    assert.throws(() => attempt(hashes.toSpliced(i, 1)), { code: 'tlog.proof_invalid' })
    assert.throws(() => attempt(hashes.toSpliced(i, 0, hash)), { code: 'tlog.proof_invalid' })
  }
  assert.throws(() => attempt(hashes.toReversed()), { code: 'tlog.proof_invalid' })
})

test('what is not a proof is refused as such', () => {
  const text = prove(7, Uint8Array.of(1, 2))
  const hash = text.split('\n')[3] as string
  const wrong = [
    '',
    '\n\n',
    'c2sp.org/tlog-proof@v1',
    'c2sp.org/tlog-proof@v1\n\n',
    `c2sp.org/tlog-proof@v1\nindex 7\n\n`,
    text.replace('@v1', '@v2'),
    text.replace('index 7\n', ''),
    text.replace('index 7', 'index 07'),
    text.replace('index 7', 'index -7'),
    text.replace('index 7', 'Index 7'),
    text.replace('index 7', 'index 7 '),
    text.replace('index 7', 'index 9007199254740992'),
    text.replace('extra AQI=', 'extra AQI'),
    text.replace('extra AQI=', 'extra AQI=\nextra AQI='),
    text.replace('extra AQI=\nindex 7', 'index 7\nextra AQI='),
    text.replace(hash, hash.slice(0, -1)),
    text.replace(hash, 'AQI='),
    text.replace(hash, ` ${hash}`),
    text.replace(hash, `${hash}\r`),
    text.replace('index 7\n', `index 7\n${`${hash}\n`.repeat(60)}`),
  ]
  for (const changed of wrong) {
    assert.throws(
      () => parseProof(changed),
      { code: 'tlog.proof' },
      JSON.stringify(changed.slice(0, 120)),
    )
  }
  assert.throws(() => formatProof({ index: -1, hashes: [], checkpoint }), { code: 'tlog.proof' })
  assert.throws(() => formatProof({ index: 1, hashes: [new Uint8Array(31)], checkpoint }), {
    code: 'tlog.proof',
  })
})
