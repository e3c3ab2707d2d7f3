// Holds the portable proof that one entry is in the log: a text file that needs nothing else (C2SP tlog-proof).

import { fromBase64, toBase64 } from './base64.ts'
import { parseCheckpoint, parseDecimal, type Checkpoint } from './checkpoint.ts'
import { fault } from './faults.ts'
import { HASH_BYTES, leafHash } from './hash.ts'
import { openNote, type NoteSignature, type NoteVerifier } from './note.ts'
import { verifyInclusion } from './tree.ts'

const HEADER = 'c2sp.org/tlog-proof@v1'
/** Siblings that a leaf can have in a tree of up to 2^53-1 leaves. */
const HASHES_MAX = 53

/** A `.tlog-proof` file as read, without a judgement of it. */
export interface TlogProof {
  /** Index of the entry. */
  readonly index: number
  /** Inclusion proof, from the leaf's sibling upward. */
  readonly hashes: readonly Uint8Array[]
  /** The log's checkpoint, a signed note, verbatim. */
  readonly checkpoint: string
  /** Bytes for the application's own use. Nothing authenticates them. */
  readonly extra?: Uint8Array
}

/** What a proof has proven. */
export interface ProvenEntry {
  readonly index: number
  readonly checkpoint: Checkpoint
  /** Verified signatures on the checkpoint: the log's own, then those of witnesses that the verifiers know. */
  readonly signatures: readonly NoteSignature[]
}

/** Text of a `.tlog-proof` file. Throws `tlog.proof` for what the format cannot carry. */
export function formatProof(proof: TlogProof): string {
  const extra = proof.extra === undefined ? '' : `extra ${toBase64(proof.extra)}\n`
  const hashes = proof.hashes.map((hash) => `${toBase64(hash)}\n`).join('')
  const text = `${HEADER}\n${extra}index ${proof.index}\n${hashes}\n${proof.checkpoint}`
  parseProof(text)
  return text
}

/** Reads a `.tlog-proof` file strictly. Throws `tlog.proof`. The checkpoint within is not opened here. */
export function parseProof(text: string): TlogProof {
  const gap = text.indexOf('\n\n')
  const lines = text.slice(0, Math.max(gap, 0)).split('\n')
  if (lines.shift() !== HEADER) throw fault('tlog.proof', `the first line is not ${HEADER}`)
  const checkpoint = text.slice(gap + 2)
  const extra = lines[0]?.startsWith('extra ') ? parseBytes(lines.shift(), 'extra ') : undefined
  const index = parseDecimal(/^index (.*)$/s.exec(lines.shift() ?? '')?.[1] ?? '')
  if (index === undefined) throw fault('tlog.proof', 'the index line is malformed')
  if (lines.length > HASHES_MAX) throw fault('tlog.proof', 'the proof has too many hashes')
  const hashes = lines.map((line) => parseBytes(line, ''))
  if (hashes.some((hash) => hash.length !== HASH_BYTES)) {
    throw fault('tlog.proof', 'a hash has 32 bytes')
  }
  if (checkpoint === '') throw fault('tlog.proof', 'the checkpoint is missing')
  return { index, hashes, checkpoint, ...(extra === undefined ? {} : { extra }) }
}

/**
 * Proves that `entry` is in the log called `origin`, at the index that the proof names. Throws the faults of
 * `parseProof`, `openNote` and `parseCheckpoint`; `tlog.proof_origin` where the checkpoint is another log's or only
 * witnesses signed it; `tlog.proof_invalid` where the log signed a tree that does not hold this entry there.
 */
export function verifyProof(
  text: string,
  entry: Uint8Array,
  verifiers: readonly NoteVerifier[],
  origin: string,
): ProvenEntry {
  const proof = parseProof(text)
  const note = openNote(proof.checkpoint, verifiers)
  const checkpoint = parseCheckpoint(note.body)
  if (checkpoint.origin !== origin) {
    throw fault('tlog.proof_origin', `the checkpoint is of ${checkpoint.origin}`)
  }
  // A witness says that it saw this checkpoint, not that the log made it: without the log's own name nobody answers for it.
  if (!note.verified.some(({ name }) => name === origin)) {
    throw fault('tlog.proof_origin', 'the log itself did not sign the checkpoint')
  }
  const leaf = leafHash(entry)
  if (!verifyInclusion(leaf, proof.index, checkpoint.size, proof.hashes, checkpoint.root)) {
    throw fault('tlog.proof_invalid', 'the proof does not lead from this entry to the signed root')
  }
  const own = note.verified.filter(({ name }) => name === origin)
  const others = note.verified.filter(({ name }) => name !== origin)
  return { index: proof.index, checkpoint, signatures: [...own, ...others] }
}

function parseBytes(line: string | undefined, prefix: string): Uint8Array {
  const bytes = fromBase64(line?.slice(prefix.length) ?? '')
  if (bytes === undefined) throw fault('tlog.proof', 'a line is not base64')
  return bytes
}
