// Holds the verification of a `.tlog-proof` (C2SP tlog-proof): by WebCrypto alone, so that a browser computes it by itself.

import { fromBase64, toBase64, type Bytes } from './bytes.ts'
import { keyOf, readKeys } from './key.ts'
import { openNote, type Signature } from './note.ts'
import { Stopped, type Step } from './step.ts'
import { HASH_BYTES, includes, leafHash } from './tree.ts'

const HEADER = 'c2sp.org/tlog-proof@v1'
/** Siblings that a leaf can have in a tree of up to 2^53-1 leaves. */
const HASHES_MAX = 53
/** UTF-16 units of a file; one of a witnessed log has some two thousand. */
const LENGTH_MAX = 1_100_000

/** What is verified, and by which keys. */
export interface Claim {
  /** Text of the `.tlog-proof`. */
  readonly proof: string
  /** The record, byte for byte as it stands in the log. */
  readonly entry: Uint8Array
  /** Lines of verifier keys: of the log, and of witnesses that are to be looked for. */
  readonly keys: string
  /** The log that it has to be of; left out: whichever one of the keys is for. */
  readonly origin?: string
}

/** The entry is in the log that signed. */
export interface Proven {
  readonly ok: true
  /** Name of the log. */
  readonly origin: string
  /** Place of the entry in it, from 0, and how many it had when it signed. */
  readonly index: number
  readonly size: number
  /** Root of that tree, and hash of the entry, both base64. */
  readonly root: string
  readonly leaf: string
  /** The log's own first, then those of witnesses whose keys were given. */
  readonly signatures: readonly Signature[]
}

/** It is not proven: at which step it ended, and why. */
export interface Unproven {
  readonly ok: false
  readonly step: Step
  readonly detail: string
}

interface File {
  readonly index: number
  readonly hashes: readonly Bytes[]
  readonly checkpoint: string
}

/** A whole number up to 2^53-1 without leading zeros. */
function decimal(text: string): number | undefined {
  if (!/^(?:0|[1-9][0-9]{0,15})$/.test(text)) return undefined
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : undefined
}

function readFile(text: string): File {
  if (text.length > LENGTH_MAX) throw new Stopped('proof', 'the file is too long')
  const gap = text.indexOf('\n\n')
  const lines = text.slice(0, Math.max(gap, 0)).split('\n')
  if (lines.shift() !== HEADER) throw new Stopped('proof', `the first line is not ${HEADER}`)
  if (lines[0]?.startsWith('extra ') === true) {
    const extra = fromBase64(lines.shift()!.slice('extra '.length))
    if (extra === undefined) throw new Stopped('proof', 'the extra line is not base64')
  }
  const index = decimal(/^index (.*)$/.exec(lines.shift() ?? '')?.[1] ?? '')
  if (index === undefined) throw new Stopped('proof', 'the index line is malformed')
  if (lines.length > HASHES_MAX) throw new Stopped('proof', 'it has too many hashes')
  const hashes = lines.map((line) => {
    const hash = fromBase64(line)
    if (hash?.length !== HASH_BYTES) throw new Stopped('proof', 'a line is not a hash of 32 bytes')
    return hash
  })
  return { index, hashes, checkpoint: text.slice(gap + 2) }
}

/** Reads what a log signed: its name, its size, its root (C2SP tlog-checkpoint). */
function readCheckpoint(text: string): { origin: string; size: number; root: Bytes } {
  const [origin = '', count = '', encoded = '', end, ...more] = text.split('\n')
  const size = decimal(count)
  const root = fromBase64(encoded)
  if (end !== '' || more.length > 0 || size === undefined || root?.length !== HASH_BYTES) {
    throw new Stopped('checkpoint', 'what was signed is not a name, a size and a root')
  }
  return { origin, size, root }
}

async function prove(claim: Claim): Promise<Proven> {
  const { index, hashes, checkpoint: note } = readFile(claim.proof)
  const keys = await readKeys(claim.keys)
  const named = note.slice(0, Math.max(note.indexOf('\n'), 0))
  const own = await keyOf(keys, named)
  if (own === undefined) throw new Stopped('key', 'no key is known of the log that it is of')
  const witnesses = keys.filter(({ kind }) => kind === 'witness')
  const { text, signatures } = await openNote(note, [own, ...witnesses])
  const logs = signatures.filter(({ kind }) => kind === 'log')
  // A witness says that it saw this checkpoint, not that the log made it.
  if (logs.length === 0) throw new Stopped('signature', 'the log itself did not sign it')
  const { origin, size, root } = readCheckpoint(text)
  if (origin !== own.name || (claim.origin !== undefined && claim.origin !== origin)) {
    throw new Stopped('checkpoint', `it is of another log, ${origin}`)
  }
  const leaf = await leafHash(claim.entry)
  if (!(await includes({ index, size, root }, leaf, hashes))) {
    throw new Stopped('inclusion', 'the proof does not lead from this record to the signed root')
  }
  return {
    ok: true,
    origin,
    index,
    size,
    root: toBase64(root),
    leaf: toBase64(leaf),
    signatures: [...logs, ...signatures.filter(({ kind }) => kind === 'witness')],
  }
}

/**
 * Verifies that a record is in the log: the file is read strictly, the checkpoint in it was signed by the log's key, and the hashes lead
 * from the record's bytes to the root that was signed. What is wrong is a value that names the step. Who gave the keys is who is
 * trusted: compare them with some that you got elsewhere.
 */
export async function verifyProof(claim: Claim): Promise<Proven | Unproven> {
  try {
    return await prove(claim)
  } catch (error) {
    if (!(error instanceof Stopped)) throw error
    return { ok: false, step: error.step, detail: error.message }
  }
}
