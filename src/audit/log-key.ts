// Holds the log's key as notes need it, and the file that tells strangers how to verify.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { utf8 } from '../std/bytes.ts'
import type { Signer } from '../keys/ring.ts'
import { rawEd25519 } from '../tlog/ed25519.ts'
import { formatVkey, NOTE_ED25519, noteSigner, type NoteSigner } from '../tlog/note.ts'
import { makeDirectory, replaceDurable } from './durable-file.ts'
import { fault } from './faults.ts'

/** A log's key in both halves. */
export interface LogKey {
  readonly signer: NoteSigner
  /** Verifier key as text. */
  readonly vkey: string
}

/**
 * The log key under the log's name, written to `<home>/log.vkey` on first use. Throws `audit.key` where the home began with
 * another key or name: a log does not change either.
 */
export function openLogKey(home: string, origin: string, signer: Signer): LogKey {
  if (signer.algorithm !== 'Ed25519') throw fault('audit.key', 'the log key is not an Ed25519 key')
  const raw = rawEd25519(signer.publicKey)
  const vkey = formatVkey(origin, NOTE_ED25519, raw)
  const path = join(home, 'log.vkey')
  makeDirectory(home)
  if (!existsSync(path)) replaceDurable(path, utf8(`${vkey}\n`))
  else if (readFileSync(path, 'utf8') !== `${vkey}\n`) {
    throw fault(
      'audit.key',
      'log.vkey holds another verifier key than that of this log key and origin',
    )
  }
  return { signer: noteSigner(origin, raw, (body) => signer.sign(body)), vkey }
}
