// Holds verifier keys: of logs, and of the witnesses that cosign what logs say (C2SP signed-note, tlog-cosignature).

import { fromBase64, hex, joined, sha256, utf8, type Bytes } from './bytes.ts'
import { Stopped } from './step.ts'

/** Signature types: of a log over a note, and of a witness with the time at which it signed. */
const ED25519 = 0x01
const COSIGNATURE_V1 = 0x04

const KEY_BYTES = 32
const TIME_BYTES = 8
const SIGNATURE_BYTES = 64

/** No Unicode space, no control character, no plus sign (C2SP signed-note). */
export const KEY_NAME = /^[^\s\p{White_Space}\p{Cc}+]+$/u

/** A half-year of a log, as the last part of its name: its log's key vouches for it. */
const HALF_YEAR = /^[0-9]{4}h[12]$/

/** A known key. */
export interface Key {
  readonly name: string
  /** First four bytes of `SHA-256(name || 0x0A || type || key)`, as 8 hexadecimal digits. */
  readonly id: string
  readonly kind: 'log' | 'witness'
  readonly bytes: Bytes
}

async function idOf(name: string, type: number, bytes: Bytes): Promise<string> {
  const hash = await sha256(joined(utf8(`${name}\n`), Uint8Array.of(type), bytes))
  return hex(hash.subarray(0, 4))
}

async function readKey(line: string): Promise<Key> {
  // Base64 may hold a plus sign of its own: only the first two separate.
  const [, name = '', id = '', encoded = ''] = /^([^+]*)\+([0-9a-f]{8})\+(.+)$/.exec(line) ?? []
  const raw = fromBase64(encoded)
  const type = raw?.[0]
  if (!KEY_NAME.test(name) || raw === undefined || raw.length !== 1 + KEY_BYTES) {
    throw new Stopped('key', 'a line is not a verifier key: name, key id and key, joined by +')
  }
  if (type !== ED25519 && type !== COSIGNATURE_V1) {
    throw new Stopped('key', `keys of type ${type} cannot be verified here`)
  }
  const bytes = raw.slice(1)
  if ((await idOf(name, type, bytes)) !== id) {
    throw new Stopped('key', `the key id of ${name} does not belong to its name and key`)
  }
  return { name, id, kind: type === ED25519 ? 'log' : 'witness', bytes }
}

/** Reads keys, one on a line. Throws `Stopped` at `key`. */
export async function readKeys(text: string): Promise<Key[]> {
  const lines = text.split('\n').map((line) => line.trim())
  return Promise.all(lines.filter((line) => line !== '').map(readKey))
}

/**
 * The key of the log of that name: its own line, or for a half-year the line of the log that it is of, whose key signs for all of
 * them. Undefined where no line is for it.
 */
export async function keyOf(keys: readonly Key[], origin: string): Promise<Key | undefined> {
  const logs = keys.filter(({ kind }) => kind === 'log')
  const own = logs.find(({ name }) => name === origin)
  if (own !== undefined) return own
  const cut = origin.lastIndexOf('/')
  if (!HALF_YEAR.test(origin.slice(cut + 1))) return undefined
  const log = logs.find(({ name }) => name === origin.slice(0, cut))
  return log && { ...log, name: origin, id: await idOf(origin, ED25519, log.bytes) }
}

/** When a witness says that it signed (seconds since the epoch); undefined for what is no cosignature. */
export function timeOf(signature: Uint8Array): number | undefined {
  if (signature.length !== TIME_BYTES + SIGNATURE_BYTES) return undefined
  const view = new DataView(signature.buffer, signature.byteOffset)
  const time = view.getBigUint64(0)
  return time > BigInt(Number.MAX_SAFE_INTEGER) ? undefined : Number(time)
}

/** Whether the key made this signature over the note's text. */
export async function holds(key: Key, text: string, signature: Bytes): Promise<boolean> {
  const time = timeOf(signature)
  if (key.kind === 'witness' && time === undefined) return false
  const signed = key.kind === 'log' ? text : `cosignature/v1\ntime ${time}\n${text}`
  const made = key.kind === 'log' ? signature : signature.slice(TIME_BYTES)
  if (made.length !== SIGNATURE_BYTES) return false
  const imported = await crypto.subtle.importKey('raw', key.bytes, 'Ed25519', false, ['verify'])
  return crypto.subtle.verify('Ed25519', imported, made, utf8(signed))
}
