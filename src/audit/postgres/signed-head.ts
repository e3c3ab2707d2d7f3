// Holds the look at a signed checkpoint that PostgreSQL hands out: of this log, of this state, and by its key.

import { parseCheckpoint } from '../../tlog/checkpoint.ts'
import { sameHash } from '../../tlog/hash.ts'
import { openNote, type NoteVerifier } from '../../tlog/note.ts'
import { fault } from '../faults.ts'
import type { ShardHead } from '../shard.ts'

/** Throws `audit.corrupt` where a note is not the checkpoint of exactly this state. The verifier is that of the shard. */
export function checkSigned(
  note: string,
  { name, size, root }: Omit<ShardHead, 'base'>,
  verifier: NoteVerifier,
): void {
  const what = `checkpoint of shard ${name} at ${size} records in the database`
  let said
  try {
    said = parseCheckpoint(openNote(note, [verifier]).body)
  } catch (cause) {
    throw fault('audit.corrupt', `the ${what} is not signed by this log's key`, cause)
  }
  if (said.origin === verifier.name && said.size === size && sameHash(said.root, root)) return
  throw fault('audit.corrupt', `the signed ${what} is of another history`)
}
