// Holds what is evidence of a second history: a checkpoint that the log's own key signed, and that the log does not continue.

import { utf8 } from '../../std/bytes.ts'
import { parseCheckpoint } from '../../tlog/checkpoint.ts'
import { HASH_BYTES, sameHash } from '../../tlog/hash.ts'
import { openNote, readNote, type NoteVerifier } from '../../tlog/note.ts'
import { tileWidth } from '../../tlog/tile.ts'
import { rootHash, type TileReader } from '../../tlog/tree.ts'

/** Evidence against a log. Anybody who has its verifier key can check it, without trusting who brings it. */
export interface Evidence {
  /** What it says, in words. */
  readonly detail: string
  /** The signed note that says so, with the log's own signature alone. */
  readonly note: string
  /** Set where it is larger than what this home has: evidence only where nobody else gives records their places. */
  readonly ahead?: true
}

/**
 * Holds a note that somebody shows against the log's own newest checkpoint. Evidence is a checkpoint of this log's origin and key that
 * is larger, or has another root than the log had at that size; undefined for one that the log continues. Throws `tlog.…` for what is
 * no checkpoint of this log, and what `read` throws.
 */
export function evidenceIn(
  note: string,
  own: string,
  verifier: NoteVerifier,
  read: TileReader,
): Evidence | undefined {
  const { body, verified } = openNote(note, [verifier])
  const shown = parseCheckpoint(body)
  if (verified.length === 0 || shown.origin !== verifier.name) return undefined
  const signed = ownPart(note, verifier)
  const { size } = parseCheckpoint(readNote(own).body)
  if (shown.size > size) {
    const detail = `this log signed ${shown.origin} at size ${shown.size}, and has ${size}`
    return { detail, note: signed, ahead: true }
  }
  // A tile has the width of the log as it is: a history that never stood at the shown size has no tile of that width.
  const now: TileReader = (level, index, width) =>
    read(level, index, tileWidth(level, index, size)).subarray(0, width * HASH_BYTES)
  if (sameHash(rootHash(shown.size, now), shown.root)) return undefined
  const detail = `this log signed another root of ${shown.origin} at size ${shown.size}`
  return { detail, note: signed }
}

/** The note without what others put behind it: that is theirs to say, and its length theirs to choose. */
function ownPart(note: string, verifier: NoteVerifier): string {
  const { body, signatures } = readNote(note)
  const { name, keyId } = verifier
  const bytes = utf8(body)
  const at = signatures.findIndex(
    (one) => one.name === name && one.keyId === keyId && verifier.verify(bytes, one.signature),
  )
  const line = note.slice(body.length + 1).split('\n')[at] ?? ''
  return `${body}\n${line}\n`
}
