// Holds signed notes: a text, a blank line, and a line for each signature (C2SP signed-note).

import { hex, sha256, utf8 } from '../std/bytes.ts'
import { fromBase64, toBase64 } from './base64.ts'
import { ed25519Check } from './ed25519.ts'
import { fault } from './faults.ts'

/** Signature type of Ed25519 over the body (C2SP signed-note). */
export const NOTE_ED25519 = 0x01

/** Bytes of a key id, in front of every signature. */
const KEY_ID_BYTES = 4
/** UTF-16 units of a note, and its signatures: more is refused before anything is verified. */
const NOTE_LENGTH_MAX = 1_000_000
const SIGNATURES_MAX = 100

/** What a verifier key says. */
export interface Vkey {
  /** Name of the key; for a log, its origin. */
  readonly name: string
  /** First four bytes of `SHA-256(name || 0x0A || type || key)`, as 8 lower-case hex digits. */
  readonly keyId: string
  /** Signature type: 0x01 Ed25519, 0x04 cosignature/v1, 0x06 ML-DSA-44. */
  readonly type: number
  /** The key as its type encodes it: 32 raw bytes for Ed25519. */
  readonly publicKey: Uint8Array
}

/** Whoever can add a signature to a note. */
export interface NoteSigner {
  readonly name: string
  /** 8 lower-case hex digits, from `noteKeyId`. */
  readonly keyId: string
  /** Signs the UTF-8 of a body, final newline included. */
  sign(body: Uint8Array): Uint8Array
}

/** A known key: checks the signatures that carry its name and key id. */
export interface NoteVerifier {
  readonly name: string
  readonly keyId: string
  verify(body: Uint8Array, signature: Uint8Array): boolean
}

/** One signature line, without a judgement of it. */
export interface NoteSignature {
  readonly name: string
  readonly keyId: string
  /** What follows the key id. */
  readonly signature: Uint8Array
}

/** A note that at least one known key signed. */
export interface OpenedNote {
  /** The signed text, final newline included. */
  readonly body: string
  /** Verified signatures, one for each known key, in the order of the note; never empty. */
  readonly verified: readonly NoteSignature[]
  /** Signatures of keys that nobody here knows: they say nothing. */
  readonly unknown: readonly NoteSignature[]
}

/** Key id of a public key under a name: 8 lower-case hex digits. */
export function noteKeyId(name: string, type: number, publicKey: Uint8Array): string {
  const input = Buffer.concat([utf8(`${name}\n`), Uint8Array.of(type), publicKey])
  return hex(sha256(input).subarray(0, KEY_ID_BYTES))
}

/** Verifier key as text: `name+keyid+base64(type || key)`. Throws `tlog.vkey` for a name that notes cannot carry. */
export function formatVkey(name: string, type: number, publicKeyRaw: Uint8Array): string {
  if (!isKeyName(name)) throw fault('tlog.vkey', 'a key name has no spaces and no plus sign')
  const key = toBase64(Buffer.concat([Uint8Array.of(type), publicKeyRaw]))
  return `${name}+${noteKeyId(name, type, publicKeyRaw)}+${key}`
}

/** Reads a verifier key and recomputes its id. Throws `tlog.vkey`. */
export function parseVkey(text: string): Vkey {
  // Base64 may hold a plus sign of its own: only the first two separate.
  const match = /^([^+]*)\+([0-9a-f]{8})\+(.+)$/s.exec(text)
  const [, name = '', keyId = '', encoded = ''] = match ?? []
  const bytes = fromBase64(encoded)
  const type = bytes?.[0]
  if (match === null || !isKeyName(name) || bytes === undefined || type === undefined) {
    throw fault('tlog.vkey', 'not a verifier key')
  }
  const publicKey = bytes.slice(1)
  if (noteKeyId(name, type, publicKey) !== keyId) {
    throw fault('tlog.vkey', 'the key id does not belong to this name and key')
  }
  return { name, keyId, type, publicKey }
}

/** Verifier of a key. Throws `tlog.vkey` for a type other than Ed25519 (0x01). */
export function noteVerifier(vkey: Vkey): NoteVerifier {
  if (vkey.type !== NOTE_ED25519) {
    throw fault('tlog.vkey', `signatures of type ${vkey.type} cannot be verified here`)
  }
  return { name: vkey.name, keyId: vkey.keyId, verify: ed25519Check(vkey.publicKey) }
}

/** Signer with an Ed25519 key that somebody else holds. Throws `tlog.vkey` for a name that notes cannot carry. */
export function noteSigner(
  name: string,
  publicKeyRaw: Uint8Array,
  sign: (body: Uint8Array) => Uint8Array,
): NoteSigner {
  if (!isKeyName(name)) throw fault('tlog.vkey', 'a key name has no spaces and no plus sign')
  return { name, keyId: noteKeyId(name, NOTE_ED25519, publicKeyRaw), sign }
}

/** Signs a body with every signer, one line each in their order. Throws `tlog.note` for a body that notes cannot carry. */
export function signNote(body: string, signers: readonly NoteSigner[]): string {
  if (!isNoteText(body) || !body.endsWith('\n')) {
    throw fault('tlog.note', 'a body is text without control characters that ends its last line')
  }
  if (signers.length === 0) throw fault('tlog.note', 'a note has at least one signature')
  const bytes = utf8(body)
  const lines = signers.map((signer) => {
    const blob = Buffer.concat([Buffer.from(signer.keyId, 'hex'), signer.sign(bytes)])
    return `\u2014 ${signer.name} ${toBase64(blob)}\n`
  })
  return `${body}\n${lines.join('')}`
}

/**
 * Opens a note. Signatures of unknown keys are set aside; one that carries a known name and key id and does not verify
 * refuses the whole note (`tlog.note_signature`), and so does the absence of any known one (`tlog.note_unsigned`).
 * Throws `tlog.note` for what is not a signed note at all.
 */
export function openNote(text: string, verifiers: readonly NoteVerifier[]): OpenedNote {
  const { body, signatures } = readNote(text)
  const bytes = utf8(body)
  const verified: NoteSignature[] = []
  const unknown: NoteSignature[] = []
  for (const line of signatures) {
    const known = verifiers.filter((v) => v.name === line.name && v.keyId === line.keyId)
    if (known.length === 0) {
      unknown.push(line)
      continue
    }
    if (!known.some((verifier) => verifier.verify(bytes, line.signature))) {
      throw fault('tlog.note_signature', `the signature of ${line.name} does not verify`)
    }
    // One key counts once, however often it signed: whoever counts towards a quorum counts keys.
    if (!verified.some((v) => v.name === line.name && v.keyId === line.keyId)) verified.push(line)
  }
  if (verified.length === 0) throw fault('tlog.note_unsigned', 'no known key signed this note')
  return { body, verified, unknown }
}

/** Whether a name can stand in a signature line: no Unicode space, no control character, no plus sign, not empty. */
export function isKeyName(name: string): boolean {
  return name.isWellFormed() && /^[^\s\p{White_Space}\p{Cc}+]+$/u.test(name)
}

/** A note taken apart, without a judgement of its signatures. Throws `tlog.note` for what is not a signed note at all. */
export function readNote(text: string): { body: string; signatures: NoteSignature[] } {
  if (text.length > NOTE_LENGTH_MAX) throw fault('tlog.note', 'the note is too long')
  const gap = text.lastIndexOf('\n\n')
  if (!isNoteText(text) || gap < 0 || !text.endsWith('\n')) {
    throw fault('tlog.note', 'not a signed note')
  }
  const lines = text.slice(gap + 2, -1).split('\n')
  if (lines.length > SIGNATURES_MAX) throw fault('tlog.note', 'the note has too many signatures')
  return { body: text.slice(0, gap + 1), signatures: lines.map(parseSignature) }
}

function parseSignature(line: string): NoteSignature {
  const [dash, name = '', encoded = '', ...rest] = line.split(' ')
  const blob = fromBase64(encoded)
  const shaped = dash === '\u2014' && isKeyName(name) && rest.length === 0
  if (!shaped || blob === undefined || blob.length <= KEY_ID_BYTES) {
    throw fault('tlog.note', 'a signature line is malformed')
  }
  const keyId = hex(blob.subarray(0, KEY_ID_BYTES))
  return { name, keyId, signature: blob.slice(KEY_ID_BYTES) }
}

/** Unicode text without ASCII control characters other than newline. */
function isNoteText(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return text.isWellFormed() && !/[\u0000-\u0009\u000b-\u001f]/.test(text)
}
