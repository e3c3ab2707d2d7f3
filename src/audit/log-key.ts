// Holds the log's key as notes need it, and the file that tells strangers how to verify.

import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { utf8 } from '../std/bytes.ts'
import type { Signer } from '../keys/ring.ts'
import { rawEd25519 } from '../tlog/ed25519.ts'
import {
  formatVkey,
  NOTE_ED25519,
  noteSigner,
  noteVerifier,
  parseVkey,
  type NoteSigner,
  type NoteVerifier,
} from '../tlog/note.ts'
import { makeDirectory, replaceDurable } from './durable-file.ts'
import { fault } from './faults.ts'
import { isShardName, shardOrigin } from './shard.ts'

/** A log's key: one pair under the name of the log, and under that of each of its shards. */
export class LogKey {
  readonly origin: string
  /** Verifier key under the log's own name, as text. */
  readonly vkey: string
  readonly #raw: Uint8Array
  readonly #signer: Signer
  readonly #path: string
  /** Lines of `log.vkey`. */
  readonly #lines: string[]

  /** Opened by `openLogKey`. */
  constructor(origin: string, signer: Signer, path: string, lines: readonly string[]) {
    this.origin = origin
    this.#signer = signer
    this.#raw = rawEd25519(signer.publicKey)
    this.vkey = formatVkey(origin, NOTE_ED25519, this.#raw)
    this.#path = path
    this.#lines = [...lines]
  }

  /**
   * The key of the seals on what PostgreSQL carries (32 bytes): every home with this log key has it, and nobody else. The digest of a
   * signature that is made for this alone and shown to nobody; Ed25519 makes the same one every time (RFC 8032 §5.1.6).
   */
  spoolKey(): Uint8Array {
    const signature = this.#signer.sign(utf8(`bailiwick/spool-seal/v1\n${this.origin}\n`))
    return createHash('sha256').update(signature).digest()
  }

  /** Who signs under the log's own name: receipts, which know of no shard. */
  own(): NoteSigner {
    return noteSigner(this.origin, this.#raw, (body) => this.#signer.sign(body))
  }

  /** Who signs the checkpoints of a shard; a shard that is new gets its line in `log.vkey` first. */
  shard(name: string): NoteSigner {
    const origin = shardOrigin(this.origin, name)
    const line = formatVkey(origin, NOTE_ED25519, this.#raw)
    if (!this.#lines.includes(line)) {
      // Known only once it is durable: where the disk refuses, the next try writes it.
      replaceDurable(this.#path, utf8(`${[...this.#lines, line].join('\n')}\n`))
      this.#lines.push(line)
    }
    return noteSigner(origin, this.#raw, (body) => this.#signer.sign(body))
  }
}

/**
 * The log key under the log's name, written to `<home>/log.vkey` on first use: the log's own line, then one per shard, the
 * oldest first. Throws `audit.key` where the home began with another key or name: a log does not change either; and
 * `audit.unavailable` where the disk refuses the file.
 */
export function openLogKey(home: string, origin: string, signer: Signer): LogKey {
  if (signer.algorithm !== 'Ed25519') throw fault('audit.key', 'the log key is not an Ed25519 key')
  const path = join(home, 'log.vkey')
  const vkey = formatVkey(origin, NOTE_ED25519, rawEd25519(signer.publicKey))
  try {
    makeDirectory(home)
    if (!existsSync(path)) replaceDurable(path, utf8(`${vkey}\n`))
  } catch (cause) {
    throw fault('audit.unavailable', 'log.vkey cannot be written', cause)
  }
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean)
  if (lines[0] !== vkey) {
    throw fault(
      'audit.key',
      'log.vkey holds another verifier key than that of this log key and origin',
    )
  }
  return new LogKey(origin, signer, path, lines)
}

/**
 * Who verifies the checkpoints of a shard, from the text of a `log.vkey` or of any one line of it: the key of a log under its own
 * name vouches for its half-years as well, so whoever keeps that one line can verify for good. `name` is that of the shard;
 * without it, of the shard that `origin` names. Undefined where no line is for it. Throws `tlog.vkey` for a line that is no key.
 */
export function shardVerifier(vkeys: string, origin: string): NoteVerifier | undefined {
  const vkey = shardVkey(vkeys, origin)
  return vkey === undefined ? undefined : noteVerifier(parseVkey(vkey))
}

/** The verifier key of that shard as one line, by the same rule. Undefined where no line is for it. Throws `tlog.vkey`. */
export function shardVkey(vkeys: string, origin: string): string | undefined {
  const keys = vkeys.split('\n').map((line) => line.trim())
  const known = keys.filter((line) => line !== '').map(parseVkey)
  const exact = known.find(({ name }) => name === origin)
  if (exact !== undefined) return formatVkey(origin, exact.type, exact.publicKey)
  const cut = origin.lastIndexOf('/')
  if (!isShardName(origin.slice(cut + 1))) return undefined
  const log = known.find(({ name }) => name === origin.slice(0, cut))
  return log === undefined ? undefined : formatVkey(origin, log.type, log.publicKey)
}
