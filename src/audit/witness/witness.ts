// Holds the witness: it cosigns that a log has grown and nothing else, and never two histories of one log.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { hex, sha256, utf8 } from '../../std/bytes.ts'
import { Fault } from '../../std/fault.ts'
import { parseCheckpoint, type Checkpoint } from '../../tlog/checkpoint.ts'
import { cosignatureVerifier } from '../../tlog/cosignature.ts'
import { EMPTY_ROOT, sameHash } from '../../tlog/hash.ts'
import { openNote, parseVkey, readNote, signNote, type NoteSigner } from '../../tlog/note.ts'
import { verifyConsistency } from '../../tlog/tree.ts'
import { replaceDurable } from '../durable-file.ts'
import { shardVerifier } from '../log-key.ts'
import { witnessFault } from './faults.ts'
import type { AddCheckpoint } from './protocol.ts'

/** What a witness is made of. */
export interface WitnessParts {
  /** Folder of what it has cosigned: a file for each log, the signed note itself. Its own, and nobody else's. */
  readonly directory: string
  /** Verifier keys of the logs that it knows, one a line; the line of a log vouches for its half-years as well. */
  readonly logs: string
  readonly signer: NoteSigner
  /** Its verifier key: what is in the folder is what it has signed, or it signs nothing. */
  readonly vkey: string
}

/** A log's checkpoint is behind what was cosigned already: the answer names the size that was. */
export class Conflict extends Error {
  readonly size: number

  constructor(size: number) {
    super(`the checkpoint that was cosigned last has size ${size}`)
    this.size = size
  }
}

/**
 * One witness. Everything between reading what was cosigned last and keeping what is cosigned now happens in one turn of one
 * process, so no two requests interleave; and it is durable before the signature leaves (tlog-witness: MUST persist first).
 */
export class Witness {
  readonly #parts: WitnessParts

  constructor(parts: WitnessParts) {
    this.#parts = parts
  }

  /** The name under which it signs. */
  get name(): string {
    return this.#parts.signer.name
  }

  /**
   * Cosigns a checkpoint and gives the signature line. Throws `Conflict` (409), `witness.unknown_log` (404), `witness.signature` (403),
   * `witness.old_size` (400), `witness.inconsistent` (422), `witness.request`, `witness.state`.
   */
  add({ old, proof, checkpoint: note }: AddCheckpoint): string {
    const { signer } = this.#parts
    const { checkpoint, body } = this.#open(note)
    if (old > checkpoint.size) {
      throw witnessFault('witness.old_size', 'the old size is larger than that of the checkpoint')
    }
    const known = this.#known(checkpoint.origin)
    if (known.size !== old) throw new Conflict(known.size)
    const { size, root } = checkpoint
    // Two roots at one size are two histories: no proof is asked for, and none would help.
    if (size === known.size && !sameHash(root, known.root)) throw new Conflict(known.size)
    if (!verifyConsistency(known.size, known.root, size, root, proof)) {
      throw witnessFault(
        'witness.inconsistent',
        'the proof does not lead from the checkpoint before to this one',
      )
    }
    const cosigned = signNote(body, [signer])
    this.#keep(checkpoint.origin, note, cosigned)
    return cosigned.slice(body.length + 1)
  }

  /** The newest checkpoint of a log, by the hex SHA-256 of its origin, with its own cosignature; undefined for one that it has not. */
  newest(originHash: string): string | undefined {
    return /^[0-9a-f]{64}$/.test(originHash) ? this.#read(originHash) : undefined
  }

  #open(note: string): { readonly checkpoint: Checkpoint; readonly body: string } {
    const [origin = ''] = note.split('\n', 1)
    const verifier = shardVerifier(this.#parts.logs, origin)
    if (verifier === undefined) {
      throw witnessFault('witness.unknown_log', 'this witness does not know the log')
    }
    try {
      const { body, verified } = openNote(note, [verifier])
      const checkpoint = parseCheckpoint(body)
      if (checkpoint.origin !== origin || verified.length === 0) throw unsigned()
      return { checkpoint, body }
    } catch (error) {
      if (error instanceof Fault && error.code.startsWith('tlog.note_')) throw unsigned(error)
      if (error instanceof Fault && error.code.startsWith('tlog.')) {
        throw witnessFault('witness.request', 'the checkpoint cannot be read', error)
      }
      throw error
    }
  }

  #known(origin: string): { readonly size: number; readonly root: Uint8Array } {
    const kept = this.#read(hashOf(origin))
    if (kept === undefined) return { size: 0, root: EMPTY_ROOT }
    try {
      const { body } = openNote(kept, [cosignatureVerifier(parseVkey(this.#parts.vkey))])
      const checkpoint = parseCheckpoint(body)
      if (checkpoint.origin === origin) return checkpoint
    } catch (cause) {
      throw witnessFault('witness.state', 'what was cosigned last cannot be read', cause)
    }
    throw witnessFault('witness.state', 'what was cosigned last is of another log')
  }

  #read(name: string): string | undefined {
    try {
      return readFileSync(join(this.#parts.directory, name), 'utf8')
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
      throw witnessFault('witness.state', 'what was cosigned last cannot be read', error)
    }
  }

  /** The log's note with this witness's line behind its own, durable. */
  #keep(origin: string, note: string, cosigned: string): void {
    const { body, signatures } = readNote(note)
    const own = signatures.find(({ name }) => name === origin)
    if (own === undefined) throw unsigned()
    const gap = body.length + 1
    const line = note
      .slice(gap)
      .split('\n')
      .find((one) => one.startsWith(`\u2014 ${origin} `))
    try {
      const text = `${body}\n${line ?? ''}\n${cosigned.slice(gap)}`
      replaceDurable(join(this.#parts.directory, hashOf(origin)), utf8(text))
    } catch (cause) {
      throw witnessFault('witness.state', 'what is to be cosigned cannot be kept', cause)
    }
  }
}

function hashOf(origin: string): string {
  return hex(sha256(utf8(origin)))
}

function unsigned(cause?: unknown): Error {
  return witnessFault(
    'witness.signature',
    'the checkpoint is not signed by the key of its log',
    cause,
  )
}
