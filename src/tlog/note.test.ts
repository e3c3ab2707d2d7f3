// Holds the tests of signed notes and verifier keys, with the vectors of Go's own note package.

import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { test } from 'node:test'

import fc from 'fast-check'

import { hex, utf8 } from '../std/bytes.ts'
import { rawEd25519 } from './ed25519.ts'
import {
  formatVkey,
  NOTE_ED25519,
  noteKeyId,
  noteSigner,
  noteVerifier,
  openNote,
  parseVkey,
  signNote,
  type NoteSigner,
  type NoteVerifier,
} from './note.ts'

/** A key pair from a seed: PKCS#8 of Ed25519 is a fixed prefix and the seed (RFC 8410 §7). */
function pair(
  name: string,
  seed: number,
): { signer: NoteSigner; verifier: NoteVerifier; vkey: string } {
  const der = Buffer.concat([
    Buffer.from('302e020100300506032b657004220420', 'hex'),
    new Uint8Array(32).fill(seed),
  ])
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const raw = rawEd25519(createPublicKey(key).export({ format: 'der', type: 'spki' }))
  const vkey = formatVkey(name, NOTE_ED25519, raw)
  const signer = noteSigner(name, raw, (body) => sign(null, body, key))
  return { signer, verifier: noteVerifier(parseVkey(vkey)), vkey }
}

const log = pair('log.example/agents/2026h2', 1)
const witness = pair('witness.example/w1', 2)
const stranger = pair('stranger.example', 3)

const PETER = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'
const PETER_NOTE = [
  'If you think cryptography is the answer to your problem,',
  "then you don't know what your problem is.",
  '',
  '\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=',
  '',
].join('\n')

test("the note of Go's documentation opens", () => {
  const { body, verified, unknown } = openNote(PETER_NOTE, [noteVerifier(parseVkey(PETER))])
  assert.ok(body.startsWith('If you think') && body.endsWith('problem is.\n'))
  assert.deepEqual([verified.length, verified[0]?.name, unknown.length], [1, 'PeterNeumann', 0])
})

test('verifier keys read back, plus signs in their base64 included', () => {
  for (const text of [
    PETER,
    'sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8',
    log.vkey,
  ]) {
    const { name, keyId, type, publicKey } = parseVkey(text)
    assert.equal(formatVkey(name, type, publicKey), text)
    assert.equal(noteKeyId(name, type, publicKey), keyId)
    assert.equal(publicKey.length, 32)
  }
})

test('a verifier key changed in any character is refused, or is another key', () => {
  const anywhere = fc.nat(log.vkey.length - 1)
  fc.assert(
    fc.property(anywhere, fc.string({ minLength: 0, maxLength: 2 }), (at, instead) => {
      const text = log.vkey.slice(0, at) + instead + log.vkey.slice(at + 1)
      if (text !== log.vkey) assert.throws(() => parseVkey(text), { code: 'tlog.vkey' })
    }),
    { numRuns: 1000 },
  )
  for (const text of [
    '',
    '+',
    '++',
    'a+00000000+',
    'a b+00000000+AQ==',
    `${log.vkey}\n`,
    ` ${log.vkey}`,
  ]) {
    assert.throws(() => parseVkey(text), { code: 'tlog.vkey' })
  }
})

test('names that no signature line can carry are refused', () => {
  const key = new Uint8Array(32)
  for (const name of [
    '',
    'a b',
    'a+b',
    'a\nb',
    'a\u00a0b',
    'a\u2003b',
    'a\u0085b',
    'a\u0000b',
    'a\ud800',
  ]) {
    assert.throws(() => formatVkey(name, 1, key), { code: 'tlog.vkey' }, JSON.stringify(name))
    assert.throws(() => noteSigner(name, key, () => key), { code: 'tlog.vkey' })
  }
})

test('keys of types that cannot be verified here are refused, not ignored', () => {
  for (const type of [0x02, 0x04, 0x06, 0xff]) {
    const vkey = parseVkey(formatVkey('w.example', type, new Uint8Array(32)))
    assert.throws(() => noteVerifier(vkey), { code: 'tlog.vkey' })
  }
  const short = parseVkey(formatVkey('w.example', 0x01, new Uint8Array(31)))
  assert.throws(() => noteVerifier(short), { code: 'tlog.vkey' })
  assert.throws(() => rawEd25519(new Uint8Array(44)), { code: 'tlog.vkey' })
  assert.throws(() => rawEd25519(new Uint8Array(32)), { code: 'tlog.vkey' })
})

const bodies = fc
  .string({ unit: 'grapheme', maxLength: 200 })
  // oxlint-disable-next-line no-control-regex -- a body has none
  .map((text) => `${text.toWellFormed().replace(/[\u0000-\u001f]/g, '\n')}\n`)

test('what was signed opens, blank lines within it included', () => {
  fc.assert(
    fc.property(bodies, (body) => {
      const note = signNote(body, [log.signer, witness.signer, stranger.signer])
      const opened = openNote(note, [witness.verifier, log.verifier])
      assert.equal(opened.body, body)
      assert.deepEqual(
        opened.verified.map(({ name, keyId }) => [name, keyId]),
        [log, witness].map(({ signer }) => [signer.name, signer.keyId]),
      )
      assert.deepEqual(
        opened.unknown.map(({ name }) => name),
        [stranger.signer.name],
      )
    }),
  )
})

test('bodies that notes cannot carry are not signed', () => {
  for (const body of ['', 'no end', 'tab\there\n', 'return\r\n', '\u0000\n', 'half\ud800\n']) {
    assert.throws(() => signNote(body, [log.signer]), { code: 'tlog.note' })
  }
  assert.throws(() => signNote('body\n', []), { code: 'tlog.note' })
})

test('a note changed in any byte is refused', () => {
  const note = signNote('log.example\n12\n\ntext\n', [log.signer])
  const bytes = Buffer.from(note)
  for (let at = 0; at < bytes.length; at++) {
    for (const bit of [1, 2, 4, 16, 32, 128]) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] as number) ^ bit
      assert.throws(() => openNote(changed.toString('utf8'), [log.verifier]), { name: 'Fault' })
    }
    const shorter = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)])
    assert.throws(() => openNote(shorter.toString('utf8'), [log.verifier]), { name: 'Fault' })
  }
})

test('a known key that did not sign refuses the note, whoever else signed it', () => {
  const note = signNote('body\n', [log.signer, witness.signer])
  const other = signNote('other\n', [log.signer])
  const line = other.slice(other.indexOf('\u2014'))
  const both = [log.verifier, witness.verifier]
  const forged = note.replace(/\u2014 log.*\n/, line)
  assert.throws(() => openNote(forged, both), { code: 'tlog.note_signature' })
  assert.throws(() => openNote(note + line, both), { code: 'tlog.note_signature' })
  const cut = signNote('body\n', [{ ...log.signer, sign: () => new Uint8Array(63) }])
  assert.throws(() => openNote(cut, both), { code: 'tlog.note_signature' })
})

test('signatures of strangers neither count nor harm, and one key counts once', () => {
  const note = signNote('body\n', [stranger.signer])
  assert.throws(() => openNote(note, [log.verifier]), { code: 'tlog.note_unsigned' })
  assert.throws(() => openNote(note, []), { code: 'tlog.note_unsigned' })
  // The same name under another key, and the same key id under another name, are strangers.
  const namesake = pair(log.signer.name, 4).signer
  const idsake = { ...stranger.signer, keyId: log.signer.keyId }
  assert.throws(() => openNote(signNote('body\n', [namesake, idsake]), [log.verifier]), {
    code: 'tlog.note_unsigned',
  })
  const twice = openNote(signNote('body\n', [log.signer, namesake, log.signer]), [log.verifier])
  assert.deepEqual([twice.verified.length, twice.unknown.length], [1, 1])
})

test('what is not a signed note is refused as such', () => {
  const note = signNote('body\n', [log.signer])
  const line = note.slice(note.indexOf('\u2014'))
  const id = Buffer.from(log.signer.keyId, 'hex').toString('base64')
  const wrong = [
    '',
    '\n',
    '\n\n',
    'body\n',
    'body\n\n',
    line,
    `\n${line}`,
    note.slice(0, -1),
    `${note}\n`,
    `${note} `,
    `${note}no signature\n`,
    note.replace('\u2014', '-'),
    note.replace('\u2014 ', '\u2014  '),
    note.replace('=\n', '= \n'),
    note.replaceAll('\n', '\r\n'),
    note.replace('body', 'bo\u0000dy'),
    note.replace('body', 'bo\ud800dy'),
    `body\n\n\u2014 ${log.signer.name} ${id}\n`,
    `body\n\n\u2014 ${log.signer.name} \n`,
    `body\n\n\u2014 ${log.signer.name}\n`,
    `body\n\n\u2014 ${log.signer.name} !!!!\n`,
    `body\n\n${line.repeat(101)}`,
    `${'x'.repeat(1_000_000)}\n\n${line}`,
  ]
  for (const text of wrong) {
    assert.throws(() => openNote(text, [log.verifier]), { code: 'tlog.note' }, text.slice(0, 80))
  }
  assert.equal(hex(utf8('\u2014')), 'e28094')
})
